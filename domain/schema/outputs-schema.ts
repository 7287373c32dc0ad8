/**
 * The schemas of the stack outputs that Switchyard's commands read. The Pulumi program writes them, and a command, possibly of another
 * release, reads them. The program's types are derived from these schemas, so both sides agree. The schemas themselves hold no key.
 */
import { z } from 'zod';

/** Increased when an older command would misread an output. Adding a field does not require a new version. */
export const OUTPUTS_VERSION = 1;

const version = z.literal(OUTPUTS_VERSION);
const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const laneSchema = z.object({ provider: z.string(), model: z.string(), purpose: z.string().optional() });
const unavailableSchema = z.object({ reason: z.string(), command: z.string() });

/** The outputs that exist since the first release and that people read as well. They have no version. */
export const basicsSchema = z.object({
  /** The gateway's address for clients: `http://127.0.0.1:4000`. */
  endpoint: z.string(),
  openaiBaseUrl: z.string(),
  /** The operator's key. Secret. */
  masterKey: z.string(),
  /** The aliases that are served. */
  models: z.array(z.string()),
  /** The aliases that are not served. */
  leftOut: z.array(
    z.object({ model: z.string(), provider: z.string(), reason: z.string(), command: z.string() }),
  ),
});

/** `plan`: what the gateways serve, in everything that a caller may notice. `preview` compares it with what `up` would deploy. */
export const planOutputSchema = z.object({
  version,
  /** By alias. */
  models: byName(
    z.object({
      /** LiteLLM's names of the models that serve it, e.g. `groq/openai/gpt-oss-20b`. */
      upstreams: z.array(z.string()),
      /** One for each key: `gpt-4@OPENAI_API_KEY_2`. */
      deployments: z.array(z.string()),
      /** The other options for LiteLLM: timeouts, limits, the address, and prices that are not in its price map. */
      options: byName(z.unknown()),
    }),
  ),
  /** The aliases to try when an alias fails. */
  fallbacks: byName(z.array(z.string())),
  /** All other settings of the gateways. */
  settings: byName(z.unknown()),
  /** The files without secrets that a gateway starts with, by path. */
  files: byName(z.object({ sha256: z.string(), lines: z.number() })),
});

/** A request of `smoke`, or why it is skipped. */
export const smokeTargetSchema = z.object({
  layer: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  /** The client's name of the provider. */
  provider: z.string(),
  /** The model in the client's file; '' where there is none. */
  model: z.string(),
  /** The name of the secret that holds the key for this request; absent where none is needed. */
  key: z.string().optional(),
  /** Why the request is skipped; absent where it is made. */
  skip: unavailableSchema.optional(),
});

/** A provider of the client, with the fields that lanes need. */
export const laneProviderSchema = z.object({
  /** The client's name for it. */
  id: z.string(),
  /** Why the client has no key for it; absent where it has. */
  off: unavailableSchema.optional(),
  /** The names of its models (aliases, and the ids themselves) → their ids in the client's file. */
  models: byName(z.string()),
  /** Models that are unavailable, with the reason and the command that enables them. */
  leftOut: byName(unavailableSchema).optional(),
});

/** `client`: the metadata that `agents` and `smoke` need in addition to the client's files. */
export const clientMetadataSchema = z.object({
  version,
  /** The stack's name, for commands. */
  stack: z.string(),
  /** The catalogue's lanes as they were deployed. */
  lanes: byName(laneSchema),
  providers: z.array(laneProviderSchema),
  /** The requests that `smoke` makes. */
  probes: z.array(smokeTargetSchema),
  /** The virtual keys, without their values. Absent in the outputs of older releases. */
  keys: byName(
    z.object({
      /** The aliases that it may use; absent if it may use all. */
      models: z.array(z.string()).optional(),
      /** Whether it has a budget or a rate limit. */
      limited: z.boolean(),
    }),
  ).optional(),
});

/** `clientFiles`, a secret: the texts of opencode's two files. */
export const clientTextsSchema = z.object({
  /** Absent in the outputs of the first release, which had no versions. */
  version: version.optional(),
  opencode: z.string(),
  auth: z.string(),
  /** JSON: `{probes, lanes}`. Commands of the first release read this instead of `client`; kept for one more release. */
  guide: z.string(),
});

/** The form of `guide` in {@link clientTextsSchema}. */
export const olderMetadataSchema = z.object({
  probes: z.array(smokeTargetSchema),
  lanes: z.array(laneProviderSchema),
});

/** A stack's address, and what it serves. */
export type Basics = z.output<typeof basicsSchema>;
/** What a stack's gateways serve. */
export type PlanOutput = z.output<typeof planOutputSchema>;
/** A request of `smoke`. */
export type SmokeTarget = z.output<typeof smokeTargetSchema>;
/** A provider with the models that a lane can use. */
export type LaneProvider = z.output<typeof laneProviderSchema>;
/** opencode's files as texts. */
export type ClientTexts = z.output<typeof clientTextsSchema>;
/** The metadata for a stack's clients. */
export type ClientMetadata = z.output<typeof clientMetadataSchema>;
