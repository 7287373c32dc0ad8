/** The measured targets: each answers over HTTP and consists of containers. */
import type { Endpoint } from './ask.ts';

/** Something that answers chat completions. */
export interface Target {
  /** Its name in the report. */
  name: string;
  endpoint: Endpoint;
  /** The containers that it consists of, by name or id. */
  containers: string[];
  /** CPU time of these containers from their start until they were ready. */
  coldStartCpuSeconds: number;
  /** Whether it answers repeated requests from a cache. */
  caches: boolean;
}
