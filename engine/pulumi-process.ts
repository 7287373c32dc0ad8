/** One process of the Pulumi CLI: in a group of its own, so that it gets exactly the signals that we send it. */
import { execa } from 'execa';
import { ENDINGS } from '../console/stoppable.ts';
import { UserError } from '../console/errors.ts';

/** How a process of Pulumi ended. */
export interface PulumiResult {
  /** 130 where a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The signal that asked us to end while it ran, where the caller has none of its own for that. */
  interruptedBy?: NodeJS.Signals;
}

/** How to run a process of Pulumi. */
export interface ProcessOptions {
  /** The project's folder. */
  cwd: string;
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  /** Text for standard input: the one way by which a secret value reaches `pulumi config set`. */
  input?: string | undefined;
  /** Aborted, it sends the process one SIGINT. Left out, it is the first signal that asks this process to end. */
  signal?: AbortSignal | undefined;
  /** Gets the process's id as soon as it runs. */
  onStart?: ((pid: number) => void) | undefined;
}

// A terminal that was closed, or a pipe whose reader went, takes no more words. That is no reason to leave Pulumi alone half-way.
process.stderr.on('error', () => undefined);

/**
 * Runs `pulumi <args>`. It never gets a second SIGINT: that would make the engine stop at once, and leave containers behind that its
 * state does not know.
 *
 * @returns the result, whatever the exit code.
 * @throws UserError if there is no `pulumi`; the signal's reason if it was aborted before.
 */
export async function pulumiProcess(args: string[], options: ProcessOptions): Promise<PulumiResult> {
  options.signal?.throwIfAborted();
  const child = execa('pulumi', args, {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    reject: false,
    // A process group of its own: the terminal's Ctrl-C does not reach it by itself.
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interruptedBy === undefined) child.kill('SIGINT');
    interruptedBy ??= signal;
  };
  const onAbort = (): boolean => child.kill('SIGINT');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const own = options.signal === undefined ? ENDINGS : [];
  for (const signal of own) process.on(signal, interrupt);
  try {
    const { exitCode, code, stdout, stderr } = await child;
    if (exitCode === undefined && code === 'ENOENT')
      throw new UserError('pulumi is not on the PATH', { command: './switchyard doctor' });
    return { exitCode: exitCode ?? 130, stdout, stderr, ...(interruptedBy ? { interruptedBy } : {}) };
  } finally {
    for (const signal of own) process.off(signal, interrupt);
    options.signal?.removeEventListener('abort', onAbort);
  }
}
