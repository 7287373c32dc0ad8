/**
 * The schema of `config-templates/catalog.yaml`. It is strict at every level. The types are derived from it, and so is the JSON Schema with
 * which editors complete and check the file (`npm run generate`).
 */
import { z } from 'zod';
import { FIRST_KEY, FURTHER_KEYS, NO_KEY } from './provider-key-names.ts';
import { inUnit } from './units.ts';

/** An alias: the name by which agents and scripts request a model. */
const alias = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'an alias is made of lower-case letters, digits, ".", "_" and "-", 64 at most',
});

/** A provider's name in the catalogue. */
const providerId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
  error: 'a provider is named with lower-case letters, digits and "-", 32 at most',
});

const seconds = inUnit('seconds', z.int().min(1).max(3600));
const dollars = inUnit('US dollars per million tokens', z.number().min(0));
const tokens = inUnit('tokens', z.int().min(1));
const text = z.string().min(1).max(500);
/** A base URL: with a scheme, and without user, query or fragment. */
export const url = z.string().regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#@]*)?$/, {
  error: 'expected a URL: http(s)://host/path, without user, query or fragment',
});
const day = z.iso.date({ error: 'expected a date: YYYY-MM-DD' });

/** The SDK packages that the pinned opencode contains; it would download any other at its first start. */
export const CLIENT_PACKAGES = [
  '@ai-sdk/openai-compatible',
  '@ai-sdk/openai',
  '@ai-sdk/anthropic',
  '@ai-sdk/groq',
  '@openrouter/ai-sdk-provider',
  '@ai-sdk/togetherai',
] as const;

/** What a model accepts beside text (`image`, `pdf`), or does (`reasoning`, `tools`). */
const CAPABILITIES = ['image', 'pdf', 'reasoning', 'tools'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** How a client (opencode) calls a provider without the gateway. */
export const directClientSchema = z.strictObject({
  id: providerId.describe("The provider's id in the client's files, e.g. groq-direct."),
  package: z.enum(CLIENT_PACKAGES).describe('The SDK package for its API.'),
  purpose: text.optional().describe('What it is for, in a few words.'),
});

/** A provider of models, and the name of the secret that holds its key. */
export const providerSchema = z.strictObject({
  name: text.describe('Its name, for people.'),
  key: z
    .string()
    .regex(new RegExp(`${FIRST_KEY.source}|^${NO_KEY}$`), {
      error: `expected the name of a key, SOMETHING_API_KEY, or ${NO_KEY} for a server without keys`,
    })
    .describe(
      `The Pulumi secret that holds its key. Further keys: the same name with ${FURTHER_KEYS}. ${NO_KEY}: a server without keys.`,
    ),
  keyPattern: z
    .string()
    .max(200)
    .optional()
    .describe(
      `A regular expression for its keys, to find keys outside of secrets. Required unless key is ${NO_KEY}.`,
    ),
  keyUrl: url.optional().describe('Where an account gets a key.'),
  litellm: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, { error: "expected LiteLLM's prefix, e.g. together_ai" })
    .optional()
    .describe("LiteLLM's prefix for it. Without one the gateway does not route to it."),
  baseUrl: url.describe('The address of its API, for the gateway and for clients.'),
  gatewayBaseUrl: url
    .optional()
    .describe('The address of its API for the gateway, if it differs from baseUrl.'),
  portkey: z.string().min(1).max(40).optional().describe("Portkey's name for it."),
  client: directClientSchema
    .optional()
    .describe('How opencode calls it directly. Without this, opencode does not.'),
});

/** The price of a model that is not in the price map: US dollars per million tokens. */
const costSchema = z.strictObject({ input: dollars, output: dollars });

/** The most tokens of a model's input (context) and output. */
const limitSchema = z.strictObject({ context: tokens, output: tokens });

/** One alias and the model that serves it. */
export const modelSchema = z.strictObject({
  provider: providerId.describe('Its provider: a name under providers.'),
  model: z
    .string()
    .regex(/^[^\s]{1,200}$/, { error: "expected the provider's own id of the model, without spaces" })
    .describe("The provider's own id of the model, without LiteLLM's prefix."),
  mode: z.enum(['chat', 'embedding']).default('chat').describe('What kind of requests it serves.'),
  supersedes: z
    .array(z.string().min(1).max(200))
    .default([])
    .describe('Ids of the models that served this alias before.'),
  timeout: seconds.optional().describe('Seconds until a request times out; default: defaults.timeout.'),
  streamTimeout: seconds
    .optional()
    .describe('Seconds until the first byte of a stream; default: its timeout.'),
  maxParallel: z
    .int()
    .min(1)
    .max(10000)
    .optional()
    .describe(
      'Concurrent requests to each of its deployments. Further ones go to the next key or fallback; if there is none they get 429.',
    ),
  limit: limitSchema.optional().describe('Token limits, where the price map has none or wrong ones.'),
  cost: costSchema.optional().describe('US dollars per million tokens, where the price map has no price.'),
  capabilities: z
    .array(z.enum(CAPABILITIES))
    .max(CAPABILITIES.length)
    .optional()
    .describe(
      'What clients may send it beside text, where the price map does not tell it: images, PDFs, tools.',
    ),
  notInPriceMap: text
    .optional()
    .describe(
      "Why this model is not in LiteLLM's price map. Without a reason, a model that is not there is an error.",
    ),
  acceptRetired: z
    .strictObject({ model: z.string().min(1).max(200), date: day })
    .optional()
    .describe('Serve it although it is retired: the model and its date as in the price map.'),
  note: text.optional().describe('A note for readers.'),
});

/** The strategies of LiteLLM's router that work without a database and without budgets. */
export const ROUTING_STRATEGIES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing-v2',
] as const;

/** A Portkey route: its targets are tried by priority or by price. */
export const portkeyRouteSchema = z.strictObject({
  order: z.enum(['priority', 'price']).describe('priority: in the order written; price: the cheapest first.'),
  targets: z.array(alias).min(1).max(20).describe('Aliases whose provider has a Portkey name.'),
});

/** A lane: a named way to use models for a purpose. */
export const laneSchema = z.strictObject({
  provider: providerId.describe("A provider's id in the client's files: litellm, portkey or a direct one."),
  model: alias.describe('An alias; on the provider portkey, a route.'),
  purpose: text.optional(),
});

/** The whole catalogue. */
export const catalogSchema = z.strictObject({
  providers: z.record(providerId, providerSchema).describe('The providers of models.'),
  models: z.record(alias, modelSchema).describe('The aliases that clients request.'),
  fallbacks: z
    .record(alias, z.array(alias).min(1).max(10))
    .default({})
    .describe('The aliases to try, in this order, when an alias fails.'),
  defaults: z
    .strictObject({
      timeout: seconds.default(60).describe('Seconds until a request to a model times out.'),
      maxParallel: z
        .int()
        .min(1)
        .max(10000)
        .default(100)
        .describe(
          'Concurrent requests to each deployment. Further ones go to the next key or fallback; if there is none they get 429.',
        ),
    })
    .prefault({}),
  routing: z
    .strictObject({
      strategy: z
        .enum(ROUTING_STRATEGIES)
        .default('usage-based-routing-v2')
        .describe('How a deployment is chosen among several of the same rank.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      requestTimeout: seconds.default(120).describe('Seconds until any request times out.'),
      parallelRequests: z
        .int()
        .min(1)
        .max(10000)
        .default(100)
        .describe('Concurrent requests per gateway. Further ones get 503 immediately.'),
    })
    .prefault({}),
  cache: z
    .strictObject({
      enabled: z.boolean().default(true),
      ttl: inUnit('seconds', z.int().min(1).max(2_592_000))
        .default(3600)
        .describe('Seconds for which an answer is cached.'),
      maxMb: inUnit('MiB', z.int().min(1).max(1_048_576))
        .default(256)
        .describe("Size of the cache on the stack's volume, in MiB. The oldest answers are removed first."),
      requests: z
        .enum(['repeatable', 'all'])
        .default('repeatable')
        .describe(
          'repeatable: not those that set a temperature above 0 without a seed, or offer tools, unless they ask for it.',
        ),
    })
    .prefault({}),
  client: z
    .strictObject({
      priority: z
        .array(providerId)
        .min(1)
        .max(30)
        .describe('Client providers. The first one with a key provides the default model.'),
      lanes: z.record(providerId, laneSchema).default({}).describe('Ways to use models, by purpose.'),
    })
    .optional(),
  portkey: z
    .strictObject({
      routes: z.record(alias, portkeyRouteSchema).describe('Routes that Portkey serves as models.'),
    })
    .optional(),
});

/** The catalogue, checked and with its defaults filled in. */
export type Catalog = z.output<typeof catalogSchema>;
/** A provider of the catalogue. */
export type Provider = z.output<typeof providerSchema>;
/** An alias' entry in the catalogue. */
export type Model = z.output<typeof modelSchema>;
/** A lane of the client. */
export type Lane = z.output<typeof laneSchema>;

/** The alias of the mock model, which answers without an account at any provider. The catalogue must not use it. */
export const MOCK_ALIAS = 'mock';
