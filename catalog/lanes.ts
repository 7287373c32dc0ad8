/**
 * The client's eight providers in their three layers, and the lanes: named ways of use (speed, reliability, cost, rare models), each
 * with the providers that serve it.
 */

/** One of the client's providers, as it stands in opencode.json. */
export interface ClientProvider {
  /** The client's name for it. */
  name: string;
  /** 1: straight to the maker; 2: through the gateway; 3: through Portkey. */
  layer: 1 | 2 | 3;
  /** The catalogue's provider behind a direct one. */
  upstream?: string;
  /** The SDK package; all of these are part of opencode, nothing is downloaded. */
  npm: string;
  /** What a person reads in opencode's list. */
  title: string;
}

/**
 * All eight, in the seed's order. `@ai-sdk/deepseek` is not part of opencode: DeepSeek speaks OpenAI's chat format, and so does
 * Portkey.
 */
export const CLIENT_PROVIDERS = [
  { name: 'litellm', layer: 2, npm: '@ai-sdk/openai-compatible', title: 'LiteLLM gateway' },
  { name: 'portkey', layer: 3, npm: '@ai-sdk/openai-compatible', title: 'Portkey' },
  { name: 'openai-direct', layer: 1, upstream: 'openai', npm: '@ai-sdk/openai', title: 'OpenAI' },
  { name: 'anthropic-direct', layer: 1, upstream: 'anthropic', npm: '@ai-sdk/anthropic', title: 'Anthropic' },
  { name: 'groq-direct', layer: 1, upstream: 'groq', npm: '@ai-sdk/groq', title: 'Groq' },
  { name: 'deepseek-direct', layer: 1, upstream: 'deepseek', npm: '@ai-sdk/openai-compatible', title: 'DeepSeek' },
  { name: 'openrouter-direct', layer: 1, upstream: 'openrouter', npm: '@openrouter/ai-sdk-provider', title: 'OpenRouter' },
  { name: 'together-direct', layer: 1, upstream: 'together', npm: '@ai-sdk/togetherai', title: 'Together' },
] as const satisfies readonly ClientProvider[];

/** A name of {@link CLIENT_PROVIDERS}. */
export type ClientProviderName = (typeof CLIENT_PROVIDERS)[number]['name'];

/** The order in which the client's default model is looked for. */
export const PROVIDER_PRIORITY: readonly ClientProviderName[] = [
  'groq-direct',
  'anthropic-direct',
  'litellm',
  'portkey',
  'openrouter-direct',
];

/** Whether a name is one of ours. */
export function isClientProvider(name: string): name is ClientProviderName {
  return CLIENT_PROVIDERS.some((provider) => provider.name === name);
}

/** The part of `provider/model` before the first slash; models have slashes of their own. */
export function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? '';
}

/** What a lane is for, and which layers serve it, the first that can winning. */
export const LANES = {
  speed: { layers: [1], purpose: 'straight to the maker: fastest, no fallback' },
  reliability: { layers: [2], purpose: 'through the gateway: falls back by itself when a provider is down' },
  cost: { layers: [3], purpose: 'through Portkey: the cheapest target that answers' },
  rare: { layers: [1, 3], purpose: 'models that only OpenRouter, Together or HuggingFace have' },
} as const satisfies Record<string, { layers: readonly (1 | 2 | 3)[]; purpose: string }>;

/** A lane's name. */
export type Lane = keyof typeof LANES;

/** An agent as far as its lane goes. */
export interface LaneChoice {
  lane: Lane;
  /** An alias of the catalogue, `auto`, `cheapest-available`, or a provider's own model id. */
  model: string;
  /** Pins the lane to one provider where several could serve it. */
  provider?: ClientProviderName | undefined;
}

/** What a lane can choose from: each provider that is on, with the names by which its models go. */
export interface LaneProvider {
  name: ClientProviderName;
  /** Name as asked for (an alias or the id itself) → the id in the client's file. */
  models: ReadonlyMap<string, string>;
}

/**
 * The model that an agent is pinned to, as opencode writes it (`provider/model`); undefined where no provider that is on serves it.
 * A lane is never left silently: an agent that wants speed does not quietly get the gateway.
 */
export function chooseModel(choice: LaneChoice, on: readonly LaneProvider[]): string | undefined {
  for (const layer of LANES[choice.lane].layers) {
    for (const provider of CLIENT_PROVIDERS) {
      if (provider.layer !== layer) continue;
      if (choice.provider !== undefined && choice.provider !== provider.name) continue;
      const id = on.find((one) => one.name === provider.name)?.models.get(choice.model);
      if (id !== undefined) return `${provider.name}/${id}`;
    }
  }
  return undefined;
}
