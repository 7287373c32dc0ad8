/** Work that must end cleanly when the user presses Ctrl-C, the terminal is closed, or the process gets SIGTERM. */
import { constants } from 'node:os';
import type { Output } from './output.ts';
import { Interrupted, type UserErrorFields } from './errors.ts';
import { type STOP_SIGNALS, STILL_STOPPING, stoppable } from './stoppable.ts';

/** The messages when such work is interrupted. */
export interface InterruptTexts {
  /** At the first signal. */
  stopping: string;
  /** At each further one. */
  still?: string;
  /** Makes the closing message once the work has ended, with optional fields of the error. */
  stopped: () => Stopped | Promise<Stopped>;
}

/** The closing message of interrupted work. */
export interface Stopped extends UserErrorFields {
  message: string;
}

/**
 * Runs `work` with an abort signal. The first of {@link STOP_SIGNALS} aborts it; `work` then cleans up and ends. Further signals are
 * answered with a message and have no other effect.
 *
 * @throws Interrupted once `work` has ended in any way, if there was a signal; otherwise whatever `work` throws.
 */
export async function interruptible<T>(
  out: Pick<Output, 'progress'>,
  texts: InterruptTexts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let by: (typeof STOP_SIGNALS)[number] | undefined;
  const onStop = (again: boolean, signal: (typeof STOP_SIGNALS)[number]): void => {
    by ??= signal;
    out.progress(again ? (texts.still ?? STILL_STOPPING) : texts.stopping);
  };
  // Making the closing message may query Docker: until it is printed, further signals are answered as well.
  return stoppable(onStop, async (signal) => {
    try {
      const result = await work(signal);
      if (by === undefined) return result;
    } catch (error) {
      if (by === undefined) throw error;
    }
    const { message, ...fields } = await texts.stopped();
    throw new Interrupted(message, signalExitCode(by), fields);
  });
}

/** The exit code of a command that a signal ended, by the shells' convention: 130 for Ctrl-C. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
