/** What planning returns: the models that a stack serves, and those that are unavailable. */
import type { Problem } from '../diagnostics/problems.ts';
import type { Unavailable } from './unavailable.ts';
import type { Capability, Catalog } from '../schema/catalog-schema.ts';

/** A model with one of its provider's keys. */
export interface Deployment {
  /** Its name in LiteLLM's config and in the header `x-litellm-model-id`: `gpt-4@OPENAI_API_KEY_2`; without a key the alias alone. */
  id: string;
  /** The name of its key; undefined where none is needed. */
  keyName?: string;
  /** Its rank from 1. The next rank is tried when this one fails. */
  order: number;
}

/** An alias that the gateway serves. */
export interface ServedModel {
  alias: string;
  /** The provider's name in the catalogue; `mock` for the mock. */
  provider: string;
  mode: 'chat' | 'embedding';
  /** The provider's own id of the model. */
  upstream: string;
  /** LiteLLM's name for it. */
  litellmModel: string;
  /** One for each key, in the order in which they are tried. */
  deployments: Deployment[];
  /** Seconds. */
  timeout: number;
  streamTimeout: number;
  /** Concurrent requests to each deployment. */
  maxParallel: number;
  /** The address that LiteLLM calls (its `api_base`). */
  apiBase?: string;
  /** Extra headers for the provider. `os.environ/NAME` stands for a key's value. */
  headers?: Record<string, string>;
  /** The maximum number of tokens of a request (`context`) and of an answer (`output`); absent where unknown. */
  limit?: { context: number; output: number };
  /** US dollars per million tokens; absent where unknown. */
  cost?: { input: number; output: number };
  /** What it accepts beside text, or does; absent where unknown. */
  capabilities?: readonly Capability[];
  /** Whether LiteLLM's price map has its price. */
  priced: boolean;
}

/** An alias that is not served, and the command that makes it available. */
export interface UnavailableModel extends Unavailable {
  model: string;
  provider: string;
}

/** Everything from which the gateways' configuration is rendered. */
export interface Plan {
  served: ServedModel[];
  unavailable: UnavailableModel[];
  /** The aliases to try when an alias fails; all of them are served. */
  fallbacks: Record<string, string[]>;
  warnings: Problem[];
  routing: Catalog['routing'];
  limits: Catalog['limits'];
  cache: Catalog['cache'];
}
