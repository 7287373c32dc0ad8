/** The signals that ask a process to end: Ctrl-C, `kill`, a terminal that is closed. */
export const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a user reads who asks a second time. */
export const STILL_STOPPING = 'still cleaning up …';

/**
 * Runs work that a first Ctrl-C ends in order: whatever it started is stopped, its folders with keys are removed.
 *
 * @param onStop is called at each of {@link ENDINGS}; `again` is true from the second one on.
 */
export async function stoppable<T>(
  onStop: (again: boolean, signal: (typeof ENDINGS)[number]) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: (typeof ENDINGS)[number]): void => {
    onStop(controller.signal.aborted, signal);
    controller.abort();
  };
  for (const signal of ENDINGS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of ENDINGS) process.off(signal, stop);
  }
}
