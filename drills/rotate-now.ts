import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { underLoad } from './under-load.ts';
import type { DrillStack } from './drill-stack.ts';
import { failureFindings } from './drill-figures.ts';
import type { Drill } from './drill-types.ts';

/** The longest time from the list without the old key to its refusal by every gateway. */
const LIMIT_MS = 2000;

/** `keys rotate --now` under load, with clients that read the key from their file before each request. */
export const rotateNow: Drill = {
  name: 'rotate-now',
  claim:
    'after a leak the old key is refused within 2 s, long before the deployment ends, and clients that read their file see no failed request',
  async run(context) {
    const { stack } = context;
    // These clients have the master key: a file with a virtual key does not change with it.
    await stack.switchyard(['connect', stack.name, '--key', 'master']);
    const old = await stack.masterKey();
    const findings: string[] = [];
    let rotation: Rotation | undefined;
    let refusedAfterMs = 0;
    const { records, changeSeconds } = await underLoad(
      context,
      () => keyInFile(stack),
      async () => {
        const begun = Date.now();
        const done = new AbortController();
        const watched = watchKey(stack, old, done.signal);
        try {
          const stdout = await stack.switchyard(['keys', 'rotate', stack.name, '--now', '--json']);
          rotation = JSON.parse(stdout) as Rotation;
        } finally {
          done.abort();
        }
        const { lastAccepted, acceptedAgain } = await watched;
        refusedAfterMs = Math.max(0, lastAccepted - begun);
        if (acceptedAgain) findings.push('the old key was accepted again after it had been refused');
        if (keyInFile(stack) === old) findings.push('the client file has the old key after the rotation');
      },
    );
    const { oldKeyRefusedAfterMs, keyListMs } = rotation ?? {};
    if (oldKeyRefusedAfterMs === undefined || keyListMs === undefined)
      findings.push('the old key was refused by the deployment only');
    else if (keyListMs > LIMIT_MS)
      findings.push(`every gateway refused the old key only ${keyListMs} ms after the list`);
    // Seen by a client, through the edge. The start of the command's own process is counted here only.
    if (refusedAfterMs > (oldKeyRefusedAfterMs ?? 0) + LIMIT_MS)
      findings.push(`the old key was still accepted after ${refusedAfterMs} ms`);
    return {
      records,
      findings: [...failureFindings('requests failed', records), ...findings],
      figures: {
        oldKeyRefusedSeconds: (oldKeyRefusedAfterMs ?? 0) / 1000,
        afterTheListSeconds: (keyListMs ?? 0) / 1000,
        changeSeconds,
      },
    };
  },
};

/** What is used of the command's result. */
interface Rotation {
  oldKeyRefusedAfterMs?: number;
  keyListMs?: number;
}

/** The key that a client finds in its file now. */
function keyInFile({ checkout }: DrillStack): string {
  const file = join(checkout.env.XDG_DATA_HOME ?? '', 'opencode/auth.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { litellm: { key: string } }).litellm.key;
}

/** Sends requests with a key until it is told to stop: when it was accepted last, and whether it was accepted after a refusal. */
async function watchKey(
  stack: DrillStack,
  key: string,
  done: AbortSignal,
): Promise<{ lastAccepted: number; acceptedAgain: boolean }> {
  let [lastAccepted, refused, acceptedAgain] = [0, false, false];
  while (!done.aborted) {
    const sent = Date.now();
    const response = await fetch(`http://127.0.0.1:${stack.port}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) [lastAccepted, acceptedAgain] = [sent, acceptedAgain || refused];
    if (response?.status === 401) refused = true;
    await sleep(50);
  }
  return { lastAccepted, acceptedAgain };
}
