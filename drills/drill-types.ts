/** The types of drills: a drill, its context and outcome, its runs and its report. */
import type { Progress } from '../console/output.ts';
import type { DrillStack } from './drill-stack.ts';
import type { RequestRecord, Figures } from './request-record.ts';

/** The context of one run of a drill. */
export interface DrillContext {
  /** The throwaway stack, deployed and answering. */
  stack: DrillStack;
  replicas: number;
  /** The minimum number of requests. */
  requests: number;
  /** Whether there are fewer requests than a drill needs to prove its claim; then it may take shortcuts. */
  short: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/** The result of one run of a drill. */
export interface Outcome {
  records: RequestRecord[];
  /** What contradicts the drill's claim, one sentence each. Empty means success. */
  findings: string[];
  /** Further figures worth printing. */
  figures?: Record<string, number>;
}

/** A drill. */
export interface Drill {
  /** Its name on the command line. */
  name: string;
  /** What it proves, in one sentence. */
  claim: string;
  run(context: DrillContext): Promise<Outcome>;
}

/** One run of a drill. */
export interface Run extends Figures {
  replicas: number;
  /** Further figures of this drill. */
  [figure: string]: number;
}

/** A drill's report, as `--json` prints it: the sums over its runs, and the longest wait of all. */
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
