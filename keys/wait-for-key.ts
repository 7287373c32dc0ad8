/** Whether a gateway accepts a key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';

/**
 * Asks for the list of models with a key until the answer is the one that is wanted.
 *
 * @param wanted 200: accepted; 401: refused.
 * @throws UserError after `seconds`.
 */
export async function waitForKey(
  endpoint: string,
  key: string,
  wanted: 200 | 401,
  seconds = 90,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last = 'no answer';
  while (Date.now() < end) {
    try {
      const response = await fetch(`${endpoint}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(10_000),
      });
      await response.body?.cancel();
      if (response.status === wanted) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(500);
  }
  const what = wanted === 200 ? 'the new key is not accepted' : 'the old key is still accepted';
  throw new UserError(`${what} after ${seconds} s`, {
    where: `${endpoint}/v1/models`,
    found: last,
    command: 'run the same command again; ./switchyard status shows the gateways',
  });
}
