/** Runs the Pulumi CLI for one stack of this checkout. */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import type { Progress } from '../console/output.ts';
import { leftByDeadProcess, pulumiFailure } from './pulumi-failure.ts';
import { pulumiEnv, toolEnv } from './environment.ts';

/** How a run of Pulumi ended. */
export interface PulumiResult {
  exitCode: number;
  stdout: string;
  /** Both streams, in the order in which the lines came; standard output last where nobody followed it. */
  log: string;
}

/** How to run Pulumi. */
export interface PulumiOptions {
  /** Gets each line as it comes: for runs that take their time. */
  onLine?: Progress;
  /** Text for standard input: the one way by which a secret value reaches `pulumi config set`. */
  input?: string;
  /** For a look that decrypts nothing: no passphrase is made for a stack that has none yet. */
  withoutPassphrase?: boolean;
}

// A terminal that was closed, or a pipe whose reader went, takes no more words. That is no reason to leave Pulumi alone half-way.
process.stderr.on('error', () => undefined);

/** What asks us to end: Ctrl-C, `kill`, a terminal that is closed. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `pulumi <args>` for a stack. A first Ctrl-C reaches Pulumi once and lets it end cleanly; further ones are held back, since a
 * second would make it leave containers behind that its state does not know.
 *
 * @returns the result, whatever the exit code.
 */
export async function runPulumi(
  stack: string,
  args: string[],
  options: PulumiOptions = {},
): Promise<PulumiResult> {
  const child = execa('pulumi', [...args, '--non-interactive', '--stack', stack], {
    cwd: ROOT,
    env: await (options.withoutPassphrase ? toolEnv() : pulumiEnv(stack)),
    reject: false,
    // A process group of its own: the terminal's Ctrl-C does not reach it by itself.
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) options.onLine?.('still stopping: Pulumi is ending what it had begun …');
    else child.kill('SIGINT');
    interrupted = true;
  };
  for (const signal of ENDINGS) process.on(signal, interrupt);
  try {
    const lines: string[] = [];
    const follow = async (stream: NodeJS.ReadableStream): Promise<void> => {
      for await (const line of createInterface({ input: stream })) {
        if (NOISE.test(line)) continue;
        lines.push(line);
        options.onLine?.(line);
      }
    };
    const followed = options.onLine === undefined ? [child.stderr] : [child.stderr, child.stdout];
    const [result] = await Promise.all([child, ...followed.map(follow)]);
    if (result.exitCode === undefined && result.code === 'ENOENT') {
      throw new UserError('pulumi is not on the PATH', { command: './switchyard doctor' });
    }
    if (options.onLine === undefined) lines.push(result.stdout);
    return { exitCode: result.exitCode ?? 130, stdout: result.stdout, log: lines.join('\n') };
  } finally {
    for (const signal of ENDINGS) process.off(signal, interrupt);
  }
}

/** What the engine says of plugins that it finds on the PATH; `./switchyard` put them there. */
const NOISE = /warning: using pulumi-\S+ from \$PATH at/;

/**
 * Runs `pulumi <args>` and expects it to succeed. A lock that a dead process of this host left is removed, with a word about it, and
 * the run repeated.
 *
 * @throws UserError with Pulumi's own message, or a plainer one where we know the cause.
 */
export async function pulumi(
  stack: string,
  args: string[],
  options: PulumiOptions & { progress?: Progress } = {},
): Promise<PulumiResult> {
  let result = await runPulumi(stack, args, options);
  if (result.exitCode !== 0 && leftByDeadProcess(result.log)) {
    options.progress?.(`removing the lock that an interrupted run left on ${stack} (its process is gone)`);
    await runPulumi(stack, ['cancel', '--yes']);
    result = await runPulumi(stack, args, options);
  }
  if (result.exitCode === 0) return result;
  throw pulumiFailure(stack, result.log);
}
