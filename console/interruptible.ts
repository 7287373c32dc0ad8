/** Work that must end in order when the user presses Ctrl-C, the terminal is closed, or the process is asked to end. */
import { constants } from 'node:os';
import type { Output } from './output.ts';
import { Interrupted, type UserErrorFields } from './errors.ts';
import { type ENDINGS, STILL_STOPPING, stoppable } from './stoppable.ts';

/** What the user reads when such work is interrupted. */
export interface InterruptTexts {
  /** At the first signal. */
  stopping: string;
  /** At each further one. */
  still?: string;
  /** The closing sentence, asked for once the work has ended; further fields of the error where they help. */
  stopped: () => Stopped | Promise<Stopped>;
}

/** How interrupted work has ended. */
export interface Stopped extends UserErrorFields {
  message: string;
}

/**
 * Runs `work` with a signal that the first of {@link ENDINGS} aborts; `work` then cleans up and ends. Further ones are answered, and
 * have no effect.
 *
 * @throws Interrupted once `work` has ended, however it has, if there was a signal; else whatever `work` throws.
 */
export async function interruptible<T>(
  out: Pick<Output, 'progress'>,
  texts: InterruptTexts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let by: (typeof ENDINGS)[number] | undefined;
  const onStop = (again: boolean, signal: (typeof ENDINGS)[number]): void => {
    by ??= signal;
    out.progress(again ? (texts.still ?? STILL_STOPPING) : texts.stopping);
  };
  // The closing sentence may ask Docker: until it is told, further signals are answered as well.
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

/** The exit code of a command that a signal ended: 130 for Ctrl-C, as shells have it. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
