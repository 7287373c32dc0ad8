/** Runs one process of the Pulumi CLI, in its own process group, so that it gets only the signals that we send. */
import { execa } from 'execa';
import { STOP_SIGNALS } from '../console/stoppable.ts';
import { UserError } from '../console/errors.ts';

/** The result of a Pulumi process. */
export interface PulumiResult {
  /** 130 if a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The signal that asked this process to end meanwhile, if the caller gave no abort signal. */
  interruptedBy?: NodeJS.Signals;
}

/** How to run a process of Pulumi. */
export interface ProcessOptions {
  /** The project's folder. */
  cwd: string;
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  /** Text for standard input: the only way to pass a secret value to `pulumi config set`. */
  input?: string | undefined;
  /** When aborted, the process gets one SIGINT. If omitted, the first signal that asks this process to end has that effect. */
  signal?: AbortSignal | undefined;
  /** Called with the pid once the process has started. */
  onStart?: ((pid: number) => void) | undefined;
}

// Ignore write errors of a closed terminal or pipe: they must not abort a running deployment.
process.stderr.on('error', () => undefined);

/**
 * Runs `pulumi <args>`. It never gets a second SIGINT: the engine would stop immediately and leave containers behind that are not in its
 * state.
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
    // Its own process group: the terminal's Ctrl-C does not reach it directly.
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
  const own = options.signal === undefined ? STOP_SIGNALS : [];
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
