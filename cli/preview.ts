/** `./switchyard preview`: what `up` would change, and that nothing is wrong with it. */
import type { Command } from 'commander';
import { type Output, withOutput } from './output.ts';
import { pulumi } from './pulumi.ts';
import { ensureReady } from './setup/ready.ts';
import { ensureStack } from './stack.ts';

/** A step of Pulumi's plan, as `pulumi preview --json` prints it. */
interface Step {
  op: string;
  urn: string;
  oldState?: { type: string };
  newState?: { type: string };
  replaceReasons?: string[];
  diffReasons?: string[];
}

interface Plan {
  steps?: Step[];
  diagnostics?: { severity: string; message: string }[];
}

/** Adds `preview` to the command line. */
export function register(program: Command): void {
  program
    .command('preview')
    .description('show what `up` would change; nothing is touched')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(preview));
}

async function preview(out: Output, stack: string): Promise<void> {
  await ensureReady({ need: ['pulumi', 'docker'], onProgress: out.progress });
  await ensureStack(stack, { onLine: out.progress });
  const { stdout } = await out.step(`previewing ${stack}`, () =>
    pulumi(stack, ['preview', '--json'], { progress: out.progress }),
  );
  const plan = JSON.parse(stdout) as Plan;
  const warnings = (plan.diagnostics ?? []).filter((d) => d.severity === 'warning').map((d) => d.message.trim());
  for (const warning of warnings) out.warn(warning);
  const steps = (plan.steps ?? []).filter((step) => step.op !== 'same' && step.op !== 'read');
  const changes = steps.filter((step) => REAL.has(step.op));
  out.result(
    {
      stack,
      changes: changes.length,
      warnings,
      steps: changes.map((step) => ({ op: step.op, type: typeOf(step), name: nameOf(step), why: reasons(step) })),
    },
    changes.length === 0 ? `${stack}: no change` : changes.map(describe).join('\n'),
  );
}

/** A replacement comes as three steps; the one that stands for it is `replace`. */
const REAL = new Set(['create', 'update', 'delete', 'replace', 'import']);
const SIGN: Record<string, string> = { create: '+', update: '~', delete: '-', replace: '±', import: '=' };

function describe(step: Step): string {
  const why = reasons(step);
  return `${SIGN[step.op] ?? ' '} ${nameOf(step)} (${typeOf(step)})${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
}

function reasons(step: Step): string[] {
  return [...new Set([...(step.replaceReasons ?? []), ...(step.diffReasons ?? [])])];
}

function nameOf(step: Step): string {
  return step.urn.slice(step.urn.lastIndexOf('::') + 2);
}

function typeOf(step: Step): string {
  const type = step.newState?.type ?? step.oldState?.type ?? '';
  return type.slice(type.lastIndexOf(':') + 1);
}
