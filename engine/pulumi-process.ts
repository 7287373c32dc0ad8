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
  /** The first of {@link STOP_SIGNALS} that this process got during the run; only if {@link ProcessOptions.signal} was omitted. */
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
  /** When aborted, Pulumi gets one SIGINT. If omitted, it gets one at the first of {@link STOP_SIGNALS} that this process gets. */
  signal?: AbortSignal | undefined;
  /** Called with the pid once the process has started. */
  onStart?: ((pid: number) => void) | undefined;
}

// Ignore write errors of a closed terminal or pipe: they must not abort a running deployment.
process.stderr.on('error', () => undefined);

/**
 * Runs `pulumi <args>`. Pulumi gets one SIGINT at most: at a second one the engine would stop immediately, and leave containers behind that
 * are not in its state.
 *
 * @returns the result, whatever the exit code.
 * @throws UserError if there is no `pulumi`; the abort signal's reason if it was aborted before the start.
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
