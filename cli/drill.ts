/** `./switchyard drill`: fault drills with real load on a throwaway stack. */
import { Argument, type Command } from 'commander';
import { MAX_REPLICAS } from '../domain/schema/edge-limits.ts';
import { wholeNumber } from './arguments.ts';
import { interruptible } from '../console/interruptible.ts';
import { type Output, withOutput } from '../console/output.ts';

interface DrillOptions {
  replicas?: number;
  requests: number;
}

/** The names of the drills, repeated here so that `--help` does not load them; a test compares them. */
export const DRILL_NAMES = [
  'rotate-provider-key',
  'rotate-master-key',
  'rotate-now',
  'change-catalogue',
  'change-image',
  'change-edge',
  'kill',
  'hang',
  'busy',
  'broken-deploy',
  'leak',
];

/** Adds `drill` to the command line. */
export function register(program: Command): void {
  program
    .command('drill')
    .description(
      'prove under load, on a throwaway stack, that changes and faults fail no request and show no key',
    )
    .addArgument(
      new Argument('[name...]', 'the drills to run, on one stack; default: all').choices(DRILL_NAMES),
    )
    .option(
      '--replicas <n>',
      'number of gateways; default: one run with one and one with two',
      wholeNumber(1, MAX_REPLICAS),
    )
    .option('--requests <n>', 'minimum number of requests per run', wholeNumber(1, 20_000), 1000)
    .action(withOutput(drill));
}

async function drill(out: Output, names: string[], options: DrillOptions): Promise<void> {
  const [{ runDrills }, { DRILLS }, { ensureReady }, { sumOf, describeReport }] = await Promise.all([
    import('../drills/run-drills.ts'),
    import('../drills/all-drills.ts'),
    import('../bootstrap/ready.ts'),
    import('../drills/drill-report.ts'),
  ]);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const drills = DRILLS.filter((one) => names.length === 0 || names.includes(one.name));
  const replicas = options.replicas === undefined ? [1, 2] : [options.replicas];
  const reports = await interruptible(
    out,
    {
      stopping: 'stopping, and removing the throwaway stack …',
      stopped: () => ({ message: 'the drill was interrupted; its stack is removed' }),
    },
    (signal) => runDrills(drills, { replicas, requests: options.requests, signal }, out),
  );
  const [only] = reports;
  const document = reports.length === 1 && only ? only : sumOf(reports);
  if (!document.ok) process.exitCode = 1;
  out.result(document, reports.map(describeReport).join('\n\n'));
}
