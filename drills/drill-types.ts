/** What drills are made of: requests and what became of them, a drill, its runs and its report. */
import type { Progress } from '../../cli/output.ts';
import type { DrillStack } from './stack.ts';

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

/** What a drill does in one run. */
export interface DrillContext {
  /** The throwaway stack, up and answering. */
  stack: DrillStack;
  replicas: number;
  /** How many requests at least. */
  requests: number;
  /** Fewer requests than a drill needs to prove its claim: take the short way where there is a long one. */
  short: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/** What a drill has seen. */
export interface Outcome {
  records: RequestRecord[];
  /** What contradicts the drill's claim: one sentence each. None is a success. */
  findings: string[];
  /** Further figures worth printing. */
  figures?: Record<string, number>;
}

/** A drill. */
export interface Drill {
  /** Its name on the command line. */
  name: string;
  /** What it proves, in a sentence. */
  claim: string;
  run(context: DrillContext): Promise<Outcome>;
}

/** One run of a drill. */
export interface Run extends Figures {
  replicas: number;
  /** Further figures of this drill. */
  [figure: string]: number;
}

/** A drill's report, as `--json` prints it: the sums, and the longest wait, over its runs. */
export interface Report extends Omit<Figures, 'cutStreams'> {
  drill: string;
  claim: string;
  /** The throwaway stack that it ran on. */
  stack: string;
  cutStreams: number;
  runs: Run[];
  ok: boolean;
  findings: string[];
}
