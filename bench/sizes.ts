/** How much a benchmark measures. */

/** The counts of a run. */
export interface Sizes {
  /** Each target has its turn in each round. */
  rounds: number;
  /** Requests of a round with several clients at once. */
  loaded: number;
  /** Clients at once. */
  clients: number;
  /** Requests of a round, one after the other. */
  single: number;
  /** Streams of a round, one after the other. */
  streams: number;
  /** Requests of a round that the cache answers. */
  hits: number;
  /** Requests before the first round, which do not count. */
  warmUp: number;
  /** Pairs of requests of the edge's part. */
  pairs: number;
  /** How long nothing is sent, to see what that costs. */
  idleSeconds: number;
  /** How often each command runs. */
  repeats: number;
}

/**
 * The counts of a run.
 *
 * @param quick a run of a few minutes, whose figures say less.
 * @param requests of a round with several clients, where other than the default; the other counts follow it.
 */
export function sizesOf({ quick, requests }: { quick: boolean; requests?: number | undefined }): Sizes {
  const loaded = requests ?? (quick ? 80 : 200);
  const part = (divisor: number): number => Math.max(2, Math.ceil(loaded / divisor));
  return {
    rounds: quick ? 3 : 10,
    loaded,
    clients: 8,
    single: part(2),
    streams: part(8),
    hits: part(4),
    warmUp: Math.min(20, loaded),
    pairs: loaded,
    idleSeconds: quick ? 5 : 20,
    repeats: quick ? 1 : 3,
  };
}
