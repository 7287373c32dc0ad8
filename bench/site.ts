/** What all targets have in common: where they stand, and the one upstream that they ask. */
import { randomBytes } from 'node:crypto';

/** The place of a run. */
export interface Site {
  /** The run's own id, a part of all names. */
  run: string;
  /** Docker's network that holds the upstream under its alias. */
  network: string;
  /** The upstream's address for gateways. */
  apiBase: string;
  /** Its name in the catalogue, in LiteLLM and in Portkey. */
  provider: string;
  /** The one key that it is asked with. */
  providerKey: string;
  /** The one model: its name for clients, for LiteLLM and for the upstream. */
  model: { alias: string; litellmModel: string; upstreamModel: string };
  /** A port of 127.0.0.1 that nothing listens on. */
  freePort: () => Promise<number>;
}

/** A random key of no provider's. */
export function newKey(): string {
  return `sk-${randomBytes(26).toString('hex')}`;
}
