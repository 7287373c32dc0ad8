/** Decides which failures are explained by an injected fault: streams that the faulted gateway had begun. Pure. */
import type { RequestRecord } from './request-record.ts';

/** A request's arrival at the upstream: from which gateway, and when. */
export interface Arrival {
  /** The id of the request's record. */
  id: string;
  /** The gateway's address on the stack's network. */
  gateway: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** A fault injected into one gateway. */
export interface InjectedFault {
  /** The address of the faulted gateway. */
  gateway: string;
  /** When it was injected, in milliseconds since 1970. */
  at: number;
}

/** The failed requests of a drill, by whether the fault excuses them. */
export interface Classified {
  /** How many requests were in flight on the whole stack when the fault was injected. */
  inFlight: number;
  /** How many of them the faulted gateway had sent to the upstream. */
  begun: number;
  /** Streams that the faulted gateway had begun before the fault and that were cut: these cannot be saved. */
  excused: RequestRecord[];
  /** All other failures: requests that the faulted gateway had not begun, or had not begun to answer. */
  unexcused: RequestRecord[];
}

/**
 * Classifies failures.
 *
 * @param arrivals the requests that the upstream received; a retried request occurs more than once.
 */
export function classify(
  records: readonly RequestRecord[],
  arrivals: readonly Arrival[],
  fault: InjectedFault,
): Classified {
  const begunThere = new Set(
    arrivals.filter(({ gateway, at }) => gateway === fault.gateway && at <= fault.at).map(({ id }) => id),
  );
  const inFlight = records.filter(({ startedAt, endedAt }) => startedAt <= fault.at && endedAt >= fault.at);
  const begun = new Set(inFlight.filter(({ id }) => begunThere.has(id)));
  const failed = records.filter((record) => !record.ok);
  return {
    inFlight: inFlight.length,
    begun: begun.size,
    excused: failed.filter((record) => begun.has(record) && record.cut),
    unexcused: failed.filter((record) => !(begun.has(record) && record.cut)),
  };
}
