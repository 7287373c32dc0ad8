/** The signals that ask a process to end: Ctrl-C, `kill`, a terminal that is closed. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The message at a second signal. */
export const STILL_STOPPING = 'still cleaning up …';

/**
 * Runs work that the first Ctrl-C ends cleanly: the processes it started are stopped, its folders with keys are removed.
 *
 * @param onStop is called at each of {@link STOP_SIGNALS}; `again` is true from the second one on.
 */
export async function stoppable<T>(
  onStop: (again: boolean, signal: (typeof STOP_SIGNALS)[number]) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: (typeof STOP_SIGNALS)[number]): void => {
    onStop(controller.signal.aborted, signal);
    controller.abort();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}
