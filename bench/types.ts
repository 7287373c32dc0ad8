/** The types of a benchmark's report. */

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = ['gateways', 'commands', 'edge'] as const;
/** A part of the benchmark. */
export type Part = (typeof PARTS)[number];

/** CPU and memory of one or more containers. */
export interface Usage {
  /** CPU time used since the container's start. */
  cpuSeconds: number;
  /** Anonymous memory: without the page cache, which the kernel can reclaim. */
  rssBytes: number;
}

/** The figures of cached answers. */
export interface CacheFigures {
  p50Ms: number;
  cpuMsPerRequest: number;
}

/** The ratios of a gateway's figures to another one's. Absent if one of the two does not have the figure. */
export interface Ratios {
  requestsPerSecond?: number | undefined;
  p50Ms?: number | undefined;
  firstTokenMs?: number | undefined;
  cpuMsPerRequest?: number | undefined;
  rssMb?: number | undefined;
  coldStartCpuSeconds?: number | undefined;
}

/** The figures of a gateway. Those that are measured in each round are the medians over all rounds. */
export interface GatewayFigures {
  /** `direct`, `litellm`, `portkey`, `switchyard-1`, `switchyard-2`. */
  name: string;
  /** With several parallel clients. */
  requestsPerSecond: number;
  /** With one client. */
  p50Ms: number;
  /** With one client. */
  p99Ms: number;
  /** Until the first text of a stream, with one client. */
  firstTokenMs: number;
  /** CPU time of all its containers per request, with several parallel clients and without cache hits. */
  cpuMsPerRequest: number;
  /** The same request repeatedly; absent if answers are not cached. */
  cacheHit?: CacheFigures;
  /** Anonymous memory of all its containers after the last round, in MiB. */
  rssMb: number;
  /** CPU time of all its containers from their start until they were ready. */
  coldStartCpuSeconds: number;
  /** CPU usage of all its containers without requests, in percent of one core. */
  idleCpuPercent: number;
  /** Compared with the row `direct`. */
  againstDirect: Ratios;
  /** Compared with the row `litellm`. */
  againstLitellm: Ratios;
}

/** The cost of a command, including all processes that it starts. */
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
  /** Without the edge; absent if this machine cannot reach containers by their own addresses. */
  gatewayP50Ms?: number;
  /** The median difference between a request through the edge and one without it, sent directly before or after. */
  addedMs?: number;
}

/** The report of a benchmark; parts that did not run are absent. */
export interface BenchReport {
  made: {
    at: string;
    /** The run's id, and its throwaway stacks; all of them have been removed. */
    run: string;
    stacks: string[];
    quick: boolean;
    /** Rounds of the part `gateways`. */
    rounds: number;
    /** Requests with several clients in each round. */
    requestsPerRound: number;
    clients: number;
    machine: { cores: number; memoryMb: number; loadBefore: number; loadAfter: number; usageFrom: string };
  };
  gateways?: GatewayFigures[];
  commands?: CommandFigures[];
  edge?: EdgeFigures;
}
