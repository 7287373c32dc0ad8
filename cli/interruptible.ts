/** Work that makes things on this machine, and removes them however it ends. */
import type { Output } from '../console/output.ts';
import { UserError } from '../console/errors.ts';

/** What the user reads when such work is interrupted. */
export interface InterruptTexts {
  /** At the first signal. */
  stopping: string;
  /** The error after everything is removed. */
  stopped: string;
}

/** Runs `work` with a signal that Ctrl-C, the end of the terminal and SIGTERM abort; `work` then cleans up and ends. */
export async function interruptible<T>(
  out: Output,
  texts: InterruptTexts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    out.progress(controller.signal.aborted ? 'still cleaning up …' : texts.stopping);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw new UserError(texts.stopped);
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
