/** What is measured: each target is asked over HTTP and consists of containers. */
import type { Endpoint } from './ask.ts';

/** Something that answers chat completions. */
export interface Target {
  /** Its name in the report. */
  name: string;
  endpoint: Endpoint;
  /** The containers that it consists of, by name or id. */
  containers: string[];
  /** CPU of these from their start until they were ready. */
  coldStartCpuSeconds: number;
  /** Whether it answers a request that it knows from its cache. */
  caches: boolean;
}
