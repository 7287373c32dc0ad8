/** The common part of the drills that change something by a deployment. */
import { failureFindings } from './sums.ts';
import type { DrillContext, Outcome } from './drill-types.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * Loads the stack, makes the change in the middle of it, and goes on until the change is over and all requests are sent.
 *
 * @param change what changes; resolves when it is over.
 * @returns the records, and how long the change took.
 */
export async function underLoad(
  context: DrillContext,
  key: string | ((client: number) => string),
  change: () => Promise<void>,
): Promise<{ records: RequestRecord[]; changeSeconds: number }> {
  const { stack, requests } = context;
  const load = stack.load(context, key);
  try {
    await load.reach(0.2);
    const begun = Date.now();
    await change();
    const changeSeconds = Math.round((Date.now() - begun) / 1000);
    // Some of the requests come after the change, however few were wanted.
    await load.reach((load.sent + Math.min(60, requests / 5)) / requests);
    return { records: await load.finish(), changeSeconds };
  } catch (error) {
    await load.stop();
    throw error;
  }
}

/**
 * A change under load of which nobody must notice anything.
 *
 * @param verify what the change must have brought about: sentences about what it has not.
 */
export async function unnoticed(
  context: DrillContext,
  change: () => Promise<void>,
  verify: () => Promise<string[]>,
): Promise<Outcome> {
  const key = await context.stack.masterKey();
  const before = (await context.stack.gateways()).map((gateway) => gateway.id);
  const { records, changeSeconds } = await underLoad(context, key, change);
  const after = await context.stack.gateways();
  const kept = after.filter((gateway) => before.includes(gateway.id));
  return {
    records,
    findings: [
      ...failureFindings(
        'requests failed',
        records.filter((record) => !record.ok),
      ),
      ...(kept.length > 0 ? [`${kept.length} gateway(s) were not replaced: the drill changed nothing`] : []),
      ...(await verify()),
    ],
    figures: { changeSeconds },
  };
}
