/** The common part of the drills that send a signal to one gateway's process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { classify } from './classify.ts';
import { litellmPid } from './processes.ts';
import { failureFindings } from './drill-figures.ts';
import type { DrillContext, Outcome } from './drill-types.ts';

/**
 * Injects a fault into a gateway during a load, and waits until the gateway has recovered by itself.
 *
 * @param signal `SIGKILL` for a crash, `SIGSTOP` for a hang.
 * @param recoverySeconds how long the recovery may take.
 */
export async function injectFault(
  context: DrillContext,
  signal: 'SIGKILL' | 'SIGSTOP',
  recoverySeconds: number,
): Promise<Outcome> {
  const { stack, requests } = context;
  const load = stack.load(context, await stack.masterKey());
  try {
    await load.reach(0.3);
    const [victim] = await stack.gateways();
    if (victim === undefined) throw new Error('the stack has no gateway');
    const pid = litellmPid(victim);
    await untilStreaming(context, victim.address);
    const at = Date.now();
    process.kill(pid, signal);
    const recoveredMs = await recovery(context, victim.id, victim.restarts, at + recoverySeconds * 1000);
    await load.reach((load.sent + Math.min(60, requests / 5)) / requests);
    const records = await load.finish();
    const classified = classify(records, await stack.arrivals(), { gateway: victim.address, at });
    return {
      records,
      findings: [
        ...failureFindings(
          'requests failed that were not streams begun by the faulted gateway',
          classified.unexcused,
        ),
        ...(classified.begun === 0
          ? ['no request was in flight at the faulted gateway: the fault proves nothing']
          : []),
        ...(recoveredMs === undefined ? [`the gateway did not recover within ${recoverySeconds} s`] : []),
      ],
      figures: {
        inFlight: classified.inFlight,
        begunAtTheStricken: classified.begun,
        failedInFlight: classified.excused.length,
        failedOtherwise: classified.unexcused.length,
        recoveredMs: recoveredMs ?? -1,
      },
    };
  } catch (error) {
    await load.stop();
    throw error;
  }
}

/** Waits until a gateway is in the middle of a stream, so that the fault affects a request. */
async function untilStreaming({ stack, signal }: DrillContext, gateway: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    signal.throwIfAborted();
    const newest = (await stack.upstream.requests())
      .filter(({ peer, stream }) => stream && peer === gateway)
      .at(-1);
    // The shortest streams take half a second.
    if (newest && Date.now() - newest.time * 1000 < 300) return;
    await sleep(50);
  }
  throw new Error(`${gateway} received no stream within 5 s`);
}

/** The time in milliseconds from the fault until the container was restarted and is healthy again; undefined if it takes too long. */
async function recovery(
  { stack, signal }: DrillContext,
  id: string,
  restarts: number,
  end: number,
): Promise<number | undefined> {
  const begun = Date.now();
  while (Date.now() < end) {
    signal.throwIfAborted();
    const gateway = (await stack.gateways()).find((one) => one.id === id);
    if (gateway && gateway.restarts > restarts && gateway.health === 'healthy') return Date.now() - begun;
    await sleep(250);
  }
  return undefined;
}
