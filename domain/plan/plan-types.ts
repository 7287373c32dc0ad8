/** What planning makes of catalogue, settings and keys: the models that a stack serves and those that it cannot. */
import type { Problem } from '../diagnostics/problems.ts';
import type { Remedy } from './remedy.ts';
import type { Catalog } from '../schema/catalog-schema.ts';

/** A model with one of its provider's keys. */
export interface Deployment {
  /** Its name in LiteLLM's headers and in the ledger: `gpt-4@OPENAI_API_KEY_2`. */
  id: string;
  /** The name of its key; undefined where none is needed. */
  keyName?: string;
  /** Its rank: the next one is asked when this one failed. */
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
  /** LiteLLM's name of it. */
  litellmModel: string;
  /** One for each key, in the order in which they are asked. */
  deployments: Deployment[];
  /** Seconds. */
  timeout: number;
  streamTimeout: number;
  /** Requests at once to each deployment. */
  maxParallel: number;
  /** The address that LiteLLM asks, as its `api_base`. Only the mock, which asks nobody, has none. */
  apiBase?: string;
  /** Further headers for the provider. `os.environ/NAME` stands for a key's value. */
  headers?: Record<string, string>;
  /** Tokens that it takes, and that its answer has at most, as far as known. */
  limit?: { context: number; output: number };
  /** US dollars per million tokens, as far as known. */
  cost?: { input: number; output: number };
  /** Whether LiteLLM knows its price by itself. */
  priced: boolean;
}

/** An alias that is not served, and how to have it. */
export interface LeftOut extends Remedy {
  model: string;
  provider: string;
}

/** What a gateway is rendered from. */
export interface Plan {
  served: ServedModel[];
  leftOut: LeftOut[];
  /** What answers when an alias fails; only served ones. */
  fallbacks: Record<string, string[]>;
  warnings: Problem[];
  routing: Catalog['routing'];
  limits: Catalog['limits'];
  cache: Catalog['cache'];
}
