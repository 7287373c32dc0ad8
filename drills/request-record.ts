/** The record of a drill's request. */

/** A request and its result. Times are milliseconds since 1970. */
export interface RequestRecord {
  /** A unique id. It is part of the request's text, so that the upstream's record contains it too. */
  id: string;
  startedAt: number;
  /** When the response's headers arrived; absent if there was no response. */
  firstByteAt?: number;
  endedAt: number;
  /** Whether a stream was requested. */
  stream: boolean;
  /** Whether the complete, correct answer arrived. */
  ok: boolean;
  /** HTTP status, if there was a response. */
  status?: number;
  /** Whether it is a stream that had begun and did not end correctly. */
  cut?: boolean;
  /** Why it is not ok. */
  why?: string;
}

/** The figures of a number of requests. */
export interface Figures {
  sent: number;
  /** Those whose complete, correct answer arrived. */
  answered: number;
  /** The others. */
  failed: number;
  /** The failed streams that had begun. */
  cutStreams: number;
  /** The longest time from sending a request to the first byte of its answer. */
  longestWaitMs: number;
}
