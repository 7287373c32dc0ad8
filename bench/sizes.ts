/** The size of a benchmark. */

/** The counts of a run. */
export interface Sizes {
  /** The number of rounds; each target has its turn in each. */
  rounds: number;
  /** Requests of a round with several clients at once. */
  loaded: number;
  /** The number of parallel clients. */
  clients: number;
  /** Requests of a round, one after the other. */
  single: number;
  /** Streams of a round, one after the other. */
  streams: number;
  /** Requests of a round that are answered from the cache. */
  hits: number;
  /** Requests before the first round, which are not measured. */
  warmUp: number;
  /** Pairs of requests in the part `edge`. */
  pairs: number;
  /** How long no request is sent, to measure the idle usage. */
  idleSeconds: number;
  /** The number of runs of each command. */
  repeats: number;
}

/**
 * The counts of a run.
 *
 * @param quick a run of a few minutes, whose figures are less precise.
 * @param requests of a round with several clients, if not the default; the other counts are derived from it.
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
    // A hit costs a tenth of a miss: with fewer of them, the gateway's own work between requests would be a visible part.
    hits: 2 * loaded,
    warmUp: Math.min(20, loaded),
    pairs: loaded,
    idleSeconds: quick ? 5 : 20,
    repeats: quick ? 1 : 3,
  };
}
