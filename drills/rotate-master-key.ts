import { setTimeout as sleep } from 'node:timers/promises';
import { underLoad } from './under-load.ts';
import type { DrillStack } from './drill-stack.ts';
import { failureFindings } from './drill-figures.ts';
import type { Drill } from './drill-types.ts';

/** Runs `keys rotate` under load, with clients that switch keys one by one, until the old key's grace period has ended. */
export const rotateMasterKey: Drill = {
  name: 'rotate-master-key',
  claim:
    'the master key is rotated while clients switch one by one, without a failed request; after the grace period the old one gets 401',
  async run(context) {
    const { stack } = context;
    const old = await stack.masterKey();
    const switched = new Set<number>();
    let current = old;
    // Just long enough for the deployment and the clients' switch on this machine, since the drill waits until the period has ended.
    // A short run takes a period that is long enough in any case, and ends it with a deployment instead of waiting.
    const graceSeconds = context.short ? 1800 : Math.max(90, Math.round((stack.lastUpMs / 1000) * 4));
    const findings: string[] = [];
    let until = 0;
    const { records, changeSeconds } = await underLoad(
      context,
      (client) => (switched.has(client) ? current : old),
      async () => {
        const stdout = await stack.switchyard([
          'keys',
          'rotate',
          stack.name,
          '--grace',
          `${graceSeconds}s`,
          '--json',
        ]);
        until = Date.parse((JSON.parse(stdout) as { previousUntil: string }).previousUntil);
        current = await stack.masterKey();
        if (current === old) findings.push('the key is the same after the rotation');
        findings.push(...(await expectStatus(stack, old, 200, 'the old key within its grace period')));
        for (let client = 0; client < 12; client += 1) {
          switched.add(client);
          await sleep(250);
        }
        if (Date.now() > until)
          findings.push(`the grace period of ${graceSeconds} s ended before the clients had switched`);
        if (context.short) until = await endGrace(stack);
        await sleep(Math.max(0, until - Date.now()) + 1000, undefined, { signal: context.signal });
        findings.push(...(await expectStatus(stack, old, 401, 'the old key after its grace period')));
        findings.push(...(await expectStatus(stack, current, 200, 'the new key after the grace period')));
      },
    );
    return {
      records,
      findings: [...failureFindings('requests failed', records), ...findings],
      figures: { graceSeconds, changeSeconds },
    };
  },
};

/** Ends the old key's grace period now. */
async function endGrace(stack: DrillStack): Promise<number> {
  const now = Date.now();
  await stack.pulumi(['config', 'set', '--path', 'masterKey.previousUntil', new Date(now).toISOString()]);
  await stack.up();
  return now;
}

/** Checks the status that a key gets, with enough requests to reach every replica. */
async function expectStatus(
  stack: DrillStack,
  key: string,
  expected: number,
  what: string,
): Promise<string[]> {
  for (let turn = 0; turn < 6; turn += 1) {
    const response = await fetch(`http://127.0.0.1:${stack.port}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await response.body?.cancel();
    if (response.status !== expected) return [`${what} got ${response.status} instead of ${expected}`];
  }
  return [];
}
