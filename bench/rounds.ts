/** Measures one target's turn in a round. */
import { load, newText } from './bench-load.ts';
import { meterOf } from './meter.ts';
import type { Sizes } from './sizes.ts';
import { median, percentile } from './statistics.ts';
import type { Target } from './targets.ts';
import type { CacheFigures, GatewayFigures } from './types.ts';

/** The figures of one turn. */
export type Turn = Pick<
  GatewayFigures,
  'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'firstTokenMs' | 'cpuMsPerRequest' | 'cacheHit'
>;

/** Options of a turn. */
export interface TurnOptions {
  sizes: Sizes;
  signal: AbortSignal;
  /** Returns the number of requests that the upstream has received. */
  received: () => Promise<number>;
}

/** Sends all kinds of requests to a target. Every request has a different text, so that no cache answers it, except in {@link cacheHits}. */
export async function takeTurn(target: Target, options: TurnOptions): Promise<Turn> {
  const { sizes, signal } = options;
  const single = await load(target, { requests: sizes.single, clients: 1, signal });
  const times = single.answers.map(({ totalMs }) => totalMs);
  const streams = await load(target, { requests: sizes.streams, clients: 1, stream: true, signal });
  const meter = await meterOf(target.containers);
  const before = await meter.read();
  const loaded = await load(target, { requests: sizes.loaded, clients: sizes.clients, signal });
  const after = await meter.read();
  return {
    p50Ms: median(times),
    p99Ms: percentile(times, 0.99),
    firstTokenMs: median(streams.answers.map(({ firstTokenMs }) => firstTokenMs)),
    requestsPerSecond: sizes.loaded / loaded.seconds,
    cpuMsPerRequest: ((after.cpuSeconds - before.cpuSeconds) * 1000) / sizes.loaded,
    ...(target.caches ? { cacheHit: await cacheHits(target, options) } : {}),
  };
}

/**
 * Sends the same request repeatedly: one after the other for the duration, and with as many clients as other requests for their CPU.
 *
 * @throws Error if the upstream received it more than twice: then the answer was not cached.
 */
async function cacheHits(target: Target, { sizes, signal, received }: TurnOptions): Promise<CacheFigures> {
  const text = newText();
  const from = await received();
  await load(target, { requests: 1, clients: 1, text, signal });
  const { answers } = await load(target, { requests: sizes.single, clients: 1, text, signal });
  const meter = await meterOf(target.containers);
  const before = await meter.read();
  await load(target, { requests: sizes.hits, clients: sizes.clients, text, signal });
  const after = await meter.read();
  const asked = (await received()) - from;
  // An answer is stored after it was sent, so the second request may arrive before that.
  if (asked > 2)
    throw new Error(`${target.name} sent ${asked} requests to the upstream for one cached answer`);
  return {
    p50Ms: median(answers.map(({ totalMs }) => totalMs)),
    cpuMsPerRequest: ((after.cpuSeconds - before.cpuSeconds) * 1000) / sizes.hits,
  };
}

/** The medians of a target's turns. */
export function mediansOf(turns: readonly Turn[]): Turn {
  const of = (figure: (turn: Turn) => number): number => median(turns.map(figure));
  const hits = turns.flatMap(({ cacheHit }) => cacheHit ?? []);
  return {
    requestsPerSecond: of((turn) => turn.requestsPerSecond),
    p50Ms: of((turn) => turn.p50Ms),
    p99Ms: of((turn) => turn.p99Ms),
    firstTokenMs: of((turn) => turn.firstTokenMs),
    cpuMsPerRequest: of((turn) => turn.cpuMsPerRequest),
    ...(hits.length > 0
      ? {
          cacheHit: {
            p50Ms: median(hits.map(({ p50Ms }) => p50Ms)),
            cpuMsPerRequest: median(hits.map(({ cpuMsPerRequest }) => cpuMsPerRequest)),
          },
        }
      : {}),
  };
}
