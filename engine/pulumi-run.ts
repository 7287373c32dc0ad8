/** Runs the Pulumi CLI for one stack of this checkout. Deployments and previews are in stack-operation.ts instead. */
import { Interrupted } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { signalExitCode } from '../console/interruptible.ts';
import { pulumiEnv, toolEnv } from './environment.ts';
import { pulumiFailure } from './pulumi-failure.ts';
import { pulumiProcess, type PulumiResult } from './pulumi-process.ts';

/** How to run Pulumi. */
export interface PulumiOptions {
  /** The project's folder; by default this checkout. */
  cwd?: string;
  /** Text for standard input: the only way to pass a secret value to `pulumi config set`. */
  input?: string;
  /** For commands that decrypt nothing: no passphrase is created for a stack that has none yet. */
  withoutPassphrase?: boolean;
}

/**
 * Runs `pulumi <args>` with `--stack <stack>`: the stack that plain `pulumi` has selected is neither used nor changed.
 *
 * @returns the result, whatever the exit code.
 */
export async function runPulumi(
  stack: string,
  args: string[],
  options: PulumiOptions = {},
): Promise<PulumiResult> {
  return pulumiProcess([...args, '--non-interactive', '--stack', stack], {
    cwd: options.cwd ?? ROOT,
    env: await (options.withoutPassphrase ? toolEnv() : pulumiEnv(stack)),
    input: options.input,
  });
}

/**
 * Runs `pulumi <args>` and expects it to succeed.
 *
 * @throws UserError with Pulumi's own message, or a clearer one for known causes.
 * @throws Interrupted after a Ctrl-C.
 */
export async function pulumi(
  stack: string,
  args: string[],
  options: PulumiOptions = {},
): Promise<PulumiResult> {
  const result = await runPulumi(stack, args, options);
  if (result.exitCode === 0) return result;
  if (result.interruptedBy) throw new Interrupted('interrupted', signalExitCode(result.interruptedBy));
  throw pulumiFailure(stack, result);
}
