/** One target's turn in a round. */
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

/** What a turn needs beside its target. */
export interface TurnOptions {
  sizes: Sizes;
  signal: AbortSignal;
  /** How many requests the upstream has received. */
  received: () => Promise<number>;
}

/** Asks a target in all ways. Every request has a text of its own, so that no cache answers it; but for those that it shall. */
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
 * The same request again and again.
 *
 * @throws Error if the upstream was asked more than once for it: then nothing was cached.
 */
async function cacheHits(target: Target, { sizes, signal, received }: TurnOptions): Promise<CacheFigures> {
  const text = newText();
  const from = await received();
  await load(target, { requests: 1, clients: 1, text, signal });
  const meter = await meterOf(target.containers);
  const before = await meter.read();
  const { answers } = await load(target, { requests: sizes.hits, clients: 1, text, signal });
  const after = await meter.read();
  const asked = (await received()) - from;
  // An answer is stored behind the client's back, so that the next request may come too early for it.
  if (asked > 2) throw new Error(`${target.name} asked the upstream ${asked} times for one cached answer`);
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
