/** What all targets of a run share: the network, and the upstream with its model and key. */
import { randomBytes } from 'node:crypto';

/** The environment of a run. */
export interface BenchEnvironment {
  /** The run's id, which is part of all names. */
  run: string;
  /** The Docker network on which the upstream has its alias. */
  network: string;
  /** The upstream's base URL for gateways. */
  apiBase: string;
  /** The provider's name in the catalogue, in LiteLLM and in Portkey. */
  provider: string;
  /** The key of all requests to the upstream. */
  providerKey: string;
  /** The only model: its name for clients, for LiteLLM and for the upstream. */
  model: { alias: string; litellmModel: string; upstreamModel: string };
  /** Returns a port of 127.0.0.1 on which nothing listens. */
  freePort: () => Promise<number>;
}

/** A random key that is not a real provider's. */
export function newKey(): string {
  return `sk-${randomBytes(26).toString('hex')}`;
}
