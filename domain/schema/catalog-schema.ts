/**
 * The catalogue's schema: what `config-templates/catalog.yaml` may say. Strict at every level; the types are derived from it, and so
 * is the JSON Schema with which editors complete and check the file (`npm run generate`).
 */
import { z } from 'zod';
import { FIRST_KEY, FURTHER_KEYS } from './provider-key-names.ts';
import { inUnit } from './units.ts';

/** An alias, as agents and scripts call a model. */
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
/** An address: with a scheme, and without what does not belong into a base URL. */
export const url = z.string().regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#@]*)?$/, {
  error: 'expected a URL: http(s)://host/path, without user, query or fragment',
});
const day = z.iso.date({ error: 'expected a date: YYYY-MM-DD' });

/** The SDK packages that the pinned opencode carries; any other would be downloaded at its first start. */
export const CLIENT_PACKAGES = [
  '@ai-sdk/openai-compatible',
  '@ai-sdk/openai',
  '@ai-sdk/anthropic',
  '@ai-sdk/groq',
  '@openrouter/ai-sdk-provider',
  '@ai-sdk/togetherai',
] as const;

/** How a client (opencode) talks to a provider without the gateway. */
export const directClientSchema = z.strictObject({
  id: providerId.describe("The provider's id in the client's files, e.g. groq-direct."),
  package: z.enum(CLIENT_PACKAGES).describe('The SDK package that speaks its API.'),
  purpose: text.optional().describe('What for, in a few words.'),
});

/** A provider of models, and the one setting that holds its key. */
export const providerSchema = z.strictObject({
  name: text.describe('Its name, for people.'),
  key: z
    .string()
    .regex(FIRST_KEY, { error: 'expected the name of a key: SOMETHING_API_KEY' })
    .describe(`The Pulumi secret that holds its key. Further keys: the same name with ${FURTHER_KEYS}.`),
  keyPattern: z
    .string()
    .max(200)
    .describe('A regular expression for its keys, with which a key outside a secret is found.'),
  keyUrl: url.optional().describe('Where an account gets a key.'),
  litellm: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, { error: "expected LiteLLM's prefix, e.g. together_ai" })
    .optional()
    .describe("LiteLLM's prefix for it. Without one the gateway does not route to it."),
  baseUrl: url.describe('Its API: what the gateway and clients ask.'),
  gatewayBaseUrl: url
    .optional()
    .describe('Its API as the gateway reaches it, where that is another address than baseUrl.'),
  portkey: z.string().min(1).max(40).optional().describe("Portkey's name for it."),
  client: directClientSchema
    .optional()
    .describe('How opencode talks to it directly. Without it, opencode does not.'),
});

/** What a model costs, for those that the price map does not know: US dollars per million tokens. */
const costSchema = z.strictObject({ input: dollars, output: dollars });

/** Tokens that a model takes and gives. */
const limitSchema = z.strictObject({ context: tokens, output: tokens });

/** One alias and the model that serves it. */
export const modelSchema = z.strictObject({
  provider: providerId.describe('Who serves it: a name under providers.'),
  model: z
    .string()
    .regex(/^[^\s]{1,200}$/, { error: "expected the provider's own id of the model, without spaces" })
    .describe("The provider's own id of the model, without LiteLLM's prefix."),
  mode: z.enum(['chat', 'embedding']).default('chat').describe('What it does.'),
  supersedes: z
    .array(z.string().min(1).max(200))
    .default([])
    .describe('Ids that this alias was served by before.'),
  timeout: seconds.optional().describe('Seconds until a request is given up; default: defaults.timeout.'),
  streamTimeout: seconds
    .optional()
    .describe('Seconds until the first byte of a stream; default: its timeout.'),
  maxParallel: z
    .int()
    .min(1)
    .max(10000)
    .optional()
    .describe(
      'Requests at once to each of its deployments. More go to the next key or fallback; without one they get 429.',
    ),
  limit: limitSchema.optional().describe('Tokens in and out, where the price map does not say or is wrong.'),
  cost: costSchema.optional().describe('US dollars per million tokens, where the price map does not say.'),
  notInPriceMap: text
    .optional()
    .describe(
      "Why it is right that LiteLLM's price map does not know this model; without this, that is an error.",
    ),
  acceptRetired: z
    .strictObject({ model: z.string().min(1).max(200), date: day })
    .optional()
    .describe('Serve it although it is retired: the model and its date as the price map has them.'),
  note: text.optional().describe('Anything a reader should know.'),
});

/** The strategies of LiteLLM's router that need neither a database nor budgets. */
export const ROUTING_STRATEGIES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing-v2',
] as const;

/** A Portkey route: aliases by priority, or by price. */
export const portkeyRouteSchema = z.strictObject({
  order: z.enum(['priority', 'price']).describe('priority: as written; price: the cheapest first.'),
  targets: z.array(alias).min(1).max(20).describe('Aliases whose provider has a Portkey name.'),
});

/** A lane: a way to use models, by its purpose. */
export const laneSchema = z.strictObject({
  provider: providerId.describe("A provider's id in the client's files: litellm, portkey or a direct one."),
  model: alias.describe('An alias; on the provider portkey, a route.'),
  purpose: text.optional(),
});

/** The whole catalogue. */
export const catalogSchema = z.strictObject({
  providers: z.record(providerId, providerSchema).describe('Who serves models.'),
  models: z.record(alias, modelSchema).describe('The aliases that clients call.'),
  fallbacks: z
    .record(alias, z.array(alias).min(1).max(10))
    .default({})
    .describe('What answers when an alias fails: other aliases, in this order.'),
  defaults: z
    .strictObject({
      timeout: seconds.default(60).describe('Seconds until a request to a model is given up.'),
      maxParallel: z
        .int()
        .min(1)
        .max(10000)
        .default(100)
        .describe(
          'Requests at once to each deployment. More go to the next key or fallback; without one they get 429.',
        ),
    })
    .prefault({}),
  routing: z
    .strictObject({
      strategy: z
        .enum(ROUTING_STRATEGIES)
        .default('usage-based-routing-v2')
        .describe('How a deployment is chosen among several.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      requestTimeout: seconds.default(120).describe('Seconds until any request is given up.'),
      parallelRequests: z
        .int()
        .min(1)
        .max(10000)
        .default(100)
        .describe('Requests at once per gateway; more get 503 at once.'),
    })
    .prefault({}),
  cache: z
    .strictObject({
      enabled: z.boolean().default(true),
      ttl: inUnit('seconds', z.int().min(1).max(2_592_000))
        .default(3600)
        .describe('Seconds for which an answer is kept.'),
    })
    .prefault({}),
  client: z
    .strictObject({
      priority: z
        .array(providerId)
        .min(1)
        .max(30)
        .describe('Client providers, the first usable of which gives the default model.'),
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

/** The alias of the answer without any account, and a name that the catalogue may not use for anything else. */
export const MOCK_ALIAS = 'mock';
