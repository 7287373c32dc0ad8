/** The common part of the drills that change something with a deployment. */
import { failureFindings } from './drill-figures.ts';
import type { DrillContext, Outcome } from './drill-types.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * Sends load to the stack, makes the change meanwhile, and continues until the change is complete and all requests are sent.
 *
 * @param change makes the change; resolves when it is complete.
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
    // Send some requests after the change, even if few are configured.
    await load.reach((load.sent + Math.min(60, requests / 5)) / requests);
    return { records: await load.finish(), changeSeconds };
  } catch (error) {
    await load.stop();
    throw error;
  }
}

/**
 * Makes a change under load that must not fail any request and must replace all gateways.
 *
 * @param verify checks the effect of the change; returns one sentence for each problem.
 */
export async function changeWithoutFailures(
  context: DrillContext,
  change: () => Promise<void>,
  verify: () => Promise<string[]>,
): Promise<Outcome> {
  const key = await context.stack.masterKey();
  const before = (await context.stack.gateways()).map((gateway) => gateway.id);
  const { records, changeSeconds } = await underLoad(context, key, change);
  const after = await context.stack.gateways();
  const unchanged = after.filter((gateway) => before.includes(gateway.id));
  return {
    records,
    findings: [
      ...failureFindings('requests failed', records),
      ...(unchanged.length > 0
        ? [`${unchanged.length} gateway(s) were not replaced: the drill changed nothing`]
        : []),
      ...(await verify()),
    ],
    figures: { changeSeconds },
  };
}
