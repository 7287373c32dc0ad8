/**
 * Facts about the pinned LiteLLM, which `npm run generate` took from its release. They are checked in, since `preview` may run before the
 * gateway's image is built.
 */
import generated from './litellm.generated.json' with { type: 'json' };
import type { Capability, Catalog, Model } from '../schema/catalog-schema.ts';

/** A model's entry in LiteLLM's price map. */
export interface PriceMapEntry {
  mode: 'chat' | 'embedding' | 'responses';
  /** US dollars per million tokens. */
  input?: number;
  output?: number;
  /** Tokens that it accepts. */
  maxInputTokens?: number;
  /** Tokens that its answer has at most. */
  maxOutputTokens?: number;
  /** The day of its retirement: YYYY-MM-DD. It may be absent for a model that retires. */
  retires?: string;
  /** What it accepts beside text, or does. Absent if the map tells nothing. */
  capabilities?: readonly Capability[];
}

/** Facts about a release of LiteLLM. */
export interface LitellmFacts {
  version: string;
  /** The keys that its source reads, by section of its config; '' is the top level. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** By LiteLLM's full name: `groq/openai/gpt-oss-120b`. */
  models: Readonly<Record<string, PriceMapEntry>>;
}

/** The facts about the pinned release. */
export const litellmFacts = generated as LitellmFacts;

/** LiteLLM's full name of a catalogue's model; undefined where the gateway does not route to its provider. */
export function litellmName(catalog: Catalog, model: Model): string | undefined {
  const prefix = Object.hasOwn(catalog.providers, model.provider)
    ? catalog.providers[model.provider]?.litellm
    : undefined;
  return prefix === undefined ? undefined : `${prefix}/${model.model}`;
}

/** The price map's entry for a catalogue's model, if it has one. */
export function priceMapEntry(
  catalog: Catalog,
  model: Model,
  facts: LitellmFacts,
): PriceMapEntry | undefined {
  const name = litellmName(catalog, model);
  return name !== undefined && Object.hasOwn(facts.models, name) ? facts.models[name] : undefined;
}

/** What a catalogue's model costs, in US dollars per million tokens: the catalogue's price, else the price map's. Undefined without one. */
export function modelPrice(
  catalog: Catalog,
  model: Model,
  facts: LitellmFacts,
): { input: number; output: number } | undefined {
  if (model.cost !== undefined) return model.cost;
  const { input, output = 0 } = priceMapEntry(catalog, model, facts) ?? {};
  return input === undefined ? undefined : { input, output };
}
