/** Checks whether a stack's gateway answers, in the same way as a client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';

/** Whether the endpoint is ready now: the edge reaches a gateway, and that gateway is ready. */
export async function isReady(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/health/readiness`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Waits until the endpoint is ready.
 *
 * @param options.seconds the time limit; generous, since a busy machine takes half a minute to start LiteLLM.
 * @param options.readLogs called on timeout: returns log lines for the error.
 * @throws UserError on timeout.
 */
export async function waitReady(
  endpoint: string,
  { seconds = 180, readLogs }: { seconds?: number; readLogs?: () => Promise<string | undefined> } = {},
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await isReady(endpoint))) {
    if (Date.now() > end) {
      const found = await readLogs?.();
      throw new UserError(`no gateway was ready within ${seconds} s`, {
        where: `${endpoint}/health/readiness`,
        ...(found === undefined ? {} : { found }),
        command: './switchyard status',
      });
    }
    await sleep(500);
  }
}
