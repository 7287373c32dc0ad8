/** What drills are made of: requests and what became of them, a drill, its runs and its report. */
import type { Progress } from '../console/output.ts';
import type { DrillStack } from './drill-stack.ts';
import type { RequestRecord, Figures } from './request-record.ts';

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
