/** Waits until a gateway accepts or refuses a key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';

/**
 * Requests the list of models with a key until the response has the expected status.
 *
 * @param expected 200: accepted; 401: refused.
 * @throws UserError after `seconds`.
 */
export async function waitForKey(
  endpoint: string,
  key: string,
  expected: 200 | 401,
  seconds = 90,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last = 'no answer';
  while (Date.now() < end) {
    try {
      const status = await keyStatus(endpoint, key);
      if (status === expected) return;
      last = `status ${status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(500);
  }
  const what = expected === 200 ? 'the new key is not accepted' : 'the old key is still accepted';
  throw new UserError(`${what} after ${seconds} s`, {
    where: `${endpoint}/v1/models`,
    found: last,
    command: 'run the same command again; ./switchyard status shows the gateways',
  });
}

/** The status with which the gateways answer a request with this key: 401 if they refuse it. */
export async function keyStatus(endpoint: string, key: string): Promise<number> {
  const response = await fetch(`${endpoint}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  });
  await response.body?.cancel();
  return response.status;
}
