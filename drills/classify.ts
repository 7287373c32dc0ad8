/** Which failures a fault excuses: streams of the stricken gateway that had begun. Pure. */
import type { RequestRecord } from './request-record.ts';

/** A request's arrival at the upstream: which gateway had begun it, and when. */
export interface Arrival {
  /** The id of the request's record. */
  id: string;
  /** The gateway's address on the stack's network. */
  gateway: string;
  at: number;
}

/** A fault of one gateway. */
export interface Strike {
  /** The stricken gateway's address. */
  gateway: string;
  /** When it was struck. */
  at: number;
}

/** The failed requests of a drill, by whether the fault excuses them. */
export interface Classified {
  /** How many requests were in flight anywhere at the strike. */
  inFlight: number;
  /** How many of them the stricken gateway had begun. */
  begun: number;
  /** Streams that had begun, by the stricken gateway, before the strike, and were cut: nothing can save those. */
  excused: RequestRecord[];
  /** All other failures: what the stricken gateway had not begun, and what it had not begun to answer. */
  unexcused: RequestRecord[];
}

/**
 * Sorts failures.
 *
 * @param arrivals what the upstream saw; a request that was retried is there more than once.
 */
export function classify(
  records: readonly RequestRecord[],
  arrivals: readonly Arrival[],
  strike: Strike,
): Classified {
  const begunThere = new Set(
    arrivals.filter(({ gateway, at }) => gateway === strike.gateway && at <= strike.at).map(({ id }) => id),
  );
  const inFlight = records.filter(({ startedAt, endedAt }) => startedAt <= strike.at && endedAt >= strike.at);
  const begun = new Set(inFlight.filter(({ id }) => begunThere.has(id)));
  const failed = records.filter((record) => !record.ok);
  return {
    inFlight: inFlight.length,
    begun: begun.size,
    excused: failed.filter((record) => begun.has(record) && record.cut),
    unexcused: failed.filter((record) => !(begun.has(record) && record.cut)),
  };
}
