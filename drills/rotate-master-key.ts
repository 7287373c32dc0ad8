import { setTimeout as sleep } from 'node:timers/promises';
import { underLoad } from './change.ts';
import type { DrillStack } from './drill-stack.ts';
import { failureFindings } from './sums.ts';
import type { Drill } from './drill-types.ts';

/** `keys rotate` under load, with clients that switch one by one, to the end of the old key's grace. */
export const rotateMasterKey: Drill = {
  name: 'rotate-master-key',
  claim:
    'the master key is rotated under clients that switch one by one without a failed request; after the grace the old one gets 401',
  async run(context) {
    const { stack } = context;
    const old = await stack.masterKey();
    const switched = new Set<number>();
    let current = old;
    // Long enough for the deployment and the clients' switch on this machine today, and no longer: the drill waits for its end. The
    // short way is sure of that, and then has a deployment end the grace instead of the clock.
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
        findings.push(...(await expectStatus(stack, old, 200, 'the old key within its grace')));
        for (let client = 0; client < 12; client += 1) {
          switched.add(client);
          await sleep(250);
        }
        if (Date.now() > until)
          findings.push(`the grace of ${graceSeconds} s was over before the clients had switched`);
        if (context.short) until = await endGrace(stack);
        await sleep(Math.max(0, until - Date.now()) + 1000, undefined, { signal: context.signal });
        findings.push(...(await expectStatus(stack, old, 401, 'the old key after its grace')));
        findings.push(...(await expectStatus(stack, current, 200, 'the new key after the grace')));
      },
    );
    const failed = records.filter((record) => !record.ok);
    return {
      records,
      findings: [...failureFindings('requests failed', failed), ...findings],
      figures: { graceSeconds, changeSeconds },
    };
  },
};

/** Has the old key's grace end now. */
async function endGrace(stack: DrillStack): Promise<number> {
  const now = Date.now();
  await stack.pulumi(['config', 'set', '--path', 'masterKey.previousUntil', new Date(now).toISOString()]);
  await stack.up();
  return now;
}

/** Asks each gateway's turn: as often as makes it certain that every replica was asked. */
async function expectStatus(stack: DrillStack, key: string, wanted: number, what: string): Promise<string[]> {
  for (let turn = 0; turn < 6; turn += 1) {
    const response = await fetch(`http://127.0.0.1:${stack.port}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await response.body?.cancel();
    if (response.status !== wanted) return [`${what} got ${response.status} instead of ${wanted}`];
  }
  return [];
}
