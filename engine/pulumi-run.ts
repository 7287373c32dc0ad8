/** Runs the Pulumi CLI for one stack of this checkout, where nothing is deployed: what deploys or previews is in stack-operation.ts. */
import { Interrupted } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { signalExitCode } from '../console/interruptible.ts';
import { pulumiEnv, toolEnv } from './environment.ts';
import { pulumiFailure } from './pulumi-failure.ts';
import { pulumiProcess, type PulumiResult } from './pulumi-process.ts';

/** How to run Pulumi. */
export interface PulumiOptions {
  /** The project's folder; this checkout where it is left out. */
  cwd?: string;
  /** Text for standard input: the one way by which a secret value reaches `pulumi config set`. */
  input?: string;
  /** For a look that decrypts nothing: no passphrase is made for a stack that has none yet. */
  withoutPassphrase?: boolean;
}

/**
 * Runs `pulumi <args>` for a stack. The stack is named by `--stack`: which one plain `pulumi` has selected plays no part, and stays.
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
 * @throws UserError with Pulumi's own message, or a plainer one where we know the cause; Interrupted after a Ctrl-C.
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
