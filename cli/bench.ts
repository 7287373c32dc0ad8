/** `./switchyard bench`: what requests and commands cost, measured on a throwaway stack and on plain gateways for comparison. */
import { Argument, type Command } from 'commander';
import { type Part, PARTS } from '../bench/types.ts';
import { wholeNumber } from './arguments.ts';
import { interruptible } from '../console/interruptible.ts';
import { type Output, withOutput } from '../console/output.ts';

interface BenchCommandOptions {
  quick?: boolean;
  requests?: number;
}

/** Adds `bench` to the command line. */
export function register(program: Command): void {
  program
    .command('bench')
    .description('measure what requests and commands cost, compared with plain LiteLLM and Portkey')
    .addArgument(new Argument('[part...]', 'the parts to run, on one stack; default: all').choices(PARTS))
    .option('--quick', 'a few minutes, for rough figures')
    .option('--requests <n>', 'requests per round with several clients', wholeNumber(1, 5000))
    .action(withOutput(bench));
}

async function bench(
  out: Output,
  names: Part[],
  { quick = false, requests }: BenchCommandOptions,
): Promise<void> {
  const [{ runBench }, { describeBench }, { ensureReady }] = await Promise.all([
    import('../bench/run-bench.ts'),
    import('../bench/report.ts'),
    import('../bootstrap/ready.ts'),
  ]);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const parts = names.length === 0 ? PARTS : names;
  const report = await interruptible(
    out,
    {
      stopping: 'stopping, and removing the throwaway stacks …',
      stopped: () => ({ message: 'the benchmark was interrupted; its stacks are removed' }),
    },
    (signal) => runBench({ parts, quick, requests, signal }, out),
  );
  out.result(report, describeBench(report));
}
