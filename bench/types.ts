/** What a benchmark measures and reports. */

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = ['gateways', 'commands', 'edge'] as const;
/** A part of the benchmark. */
export type Part = (typeof PARTS)[number];

/** CPU and memory of one or more containers. */
export interface Usage {
  /** CPU used since the container's start. */
  cpuSeconds: number;
  /** Anonymous memory: without the page cache, which the kernel takes back. */
  rssBytes: number;
}

/** The figures of cached answers. */
export interface CacheFigures {
  p50Ms: number;
  cpuMsPerRequest: number;
}

/** How many times another gateway's figure one's own is. Absent: one of the two has no such figure. */
export interface Ratios {
  requestsPerSecond?: number | undefined;
  p50Ms?: number | undefined;
  firstTokenMs?: number | undefined;
  cpuMsPerRequest?: number | undefined;
  rssMb?: number | undefined;
  coldStartCpuSeconds?: number | undefined;
}

/** The figures of a gateway. Where a round gave a figure, the median over all rounds. */
export interface GatewayFigures {
  /** `direct`, `litellm`, `portkey`, `switchyard-1`, `switchyard-2`. */
  name: string;
  /** With several clients at once. */
  requestsPerSecond: number;
  /** With one client. */
  p50Ms: number;
  /** With one client. */
  p99Ms: number;
  /** Until the first word of a stream, with one client. */
  firstTokenMs: number;
  /** CPU of all of its containers a request, with several clients at once; its answer was in no cache. */
  cpuMsPerRequest: number;
  /** The same request again and again; only where answers are cached. */
  cacheHit?: CacheFigures;
  /** Anonymous memory of all of its containers after the last round, in MiB. */
  rssMb: number;
  /** CPU of all of its containers from their start until they were ready. */
  coldStartCpuSeconds: number;
  /** CPU of all of its containers without requests, in percent of one core. */
  idleCpuPercent: number;
  /** Compared with the row `direct`. */
  againstDirect: Ratios;
  /** Compared with the row `litellm`. */
  againstLitellm: Ratios;
}

/** The cost of a command: of its whole process tree. */
export interface CommandFigures {
  /** `preview`, `up` (with nothing to change), `status`, `help`. */
  name: string;
  cpuSeconds: number;
  wallSeconds: number;
}

/** What the edge adds to the gateway behind it. */
export interface EdgeFigures {
  cpuMsPerRequest: number;
  rssMb: number;
  idleCpuPercent: number;
  /** Through the edge. */
  p50Ms: number;
  /** The gateway asked without it; absent where this machine does not reach containers by their own addresses. */
  gatewayP50Ms?: number;
  /** The median difference of a request through the edge and the same one without it, sent next to it. */
  addedMs?: number;
}

/** What a benchmark reports; parts that did not run are absent. */
export interface BenchReport {
  made: {
    at: string;
    /** The run's own id, and its throwaway stacks: of both nothing is left. */
    run: string;
    stacks: string[];
    quick: boolean;
    /** Of the gateways' part. */
    rounds: number;
    /** In each round's step with several clients. */
    requestsPerRound: number;
    clients: number;
    machine: { cores: number; memoryMb: number; loadBefore: number; loadAfter: number; usageFrom: string };
  };
  gateways?: GatewayFigures[];
  commands?: CommandFigures[];
  edge?: EdgeFigures;
}
