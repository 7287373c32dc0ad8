/** A request of a drill and what became of it. */

/** A request and what became of it. Times are milliseconds since 1970. */
export interface RequestRecord {
  /** Unlike any other; it travels in the request's text, so that the upstream's own record names it too. */
  id: string;
  startedAt: number;
  /** When the first byte of the answer's body or its headers came; absent where nothing came. */
  firstByteAt?: number;
  endedAt: number;
  /** Whether a stream was asked for. */
  stream: boolean;
  /** Whether the whole, right answer came. */
  ok: boolean;
  /** HTTP status, where there was one. */
  status?: number;
  /** A stream that had begun and did not end as it should. */
  cut?: boolean;
  /** Why it is not ok. */
  why?: string;
}

/** The figures of a number of requests. */
export interface Figures {
  sent: number;
  /** Those whose whole, right answer came. */
  answered: number;
  /** The others. */
  failed: number;
  /** Those of the failed that are streams which had begun. */
  cutStreams: number;
  /** The longest time from sending a request to the first byte of its answer. */
  longestWaitMs: number;
}
