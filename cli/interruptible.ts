/** Work that makes things on this machine, and removes them however it ends. */
import type { Output } from '../console/output.ts';
import { UserError } from '../console/errors.ts';
import { STILL_STOPPING, stoppable } from '../console/stoppable.ts';

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
  let interrupted = false;
  const onStop = (again: boolean): void => {
    interrupted = true;
    out.progress(again ? STILL_STOPPING : texts.stopping);
  };
  try {
    return await stoppable(onStop, work);
  } catch (error) {
    if (interrupted) throw new UserError(texts.stopped);
    throw error;
  }
}
