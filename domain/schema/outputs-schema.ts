/**
 * The stack outputs that Switchyard's own commands read: the Pulumi program writes them, and a command, maybe of another release, reads
 * them back. The program's types come from here, so that what is written is what is read. None of this holds a key.
 */
import { z } from 'zod';

/** Goes up when an older command would misread an output. A field that is only added does not count. */
export const OUTPUTS_VERSION = 1;

const version = z.literal(OUTPUTS_VERSION);
const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const laneSchema = z.object({ provider: z.string(), model: z.string(), purpose: z.string().optional() });
const unavailableSchema = z.object({ reason: z.string(), command: z.string() });

/** The outputs that are there since the first release, which people read as well; they have no version. */
export const basicsSchema = z.object({
  /** Where clients find the gateway: `http://127.0.0.1:4000`. */
  endpoint: z.string(),
  openaiBaseUrl: z.string(),
  /** The key that clients use. Secret. */
  masterKey: z.string(),
  /** The aliases that are served. */
  models: z.array(z.string()),
  /** Those that are not. */
  leftOut: z.array(
    z.object({ model: z.string(), provider: z.string(), reason: z.string(), command: z.string() }),
  ),
});

/** `plan`: what the gateways serve, as far as a caller may notice a difference. `preview` compares it with what `up` would deploy. */
export const planOutputSchema = z.object({
  version,
  /** By alias. */
  models: byName(
    z.object({
      /** LiteLLM's names of what answers, e.g. `groq/openai/gpt-oss-20b`. */
      upstreams: z.array(z.string()),
      /** One for each key: `gpt-4@OPENAI_API_KEY_2`. */
      deployments: z.array(z.string()),
      /** What else LiteLLM is told: timeouts, limits, prices where it does not know them, the address. */
      options: byName(z.unknown()),
    }),
  ),
  /** What answers when an alias fails. */
  fallbacks: byName(z.array(z.string())),
  /** All other settings of the gateways. */
  settings: byName(z.unknown()),
  /** The files without secrets that a gateway starts with, by path. */
  files: byName(z.object({ sha256: z.string(), lines: z.number() })),
});

/** One request of `smoke`, or why there is none. */
export const smokeTargetSchema = z.object({
  layer: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  /** The client's name of the provider. */
  provider: z.string(),
  /** The model in the client's file; '' where there is none. */
  model: z.string(),
  /** The name of the secret that holds the key of whoever answers; absent where none is needed. */
  key: z.string().optional(),
  /** Absent where the request can be made. */
  skip: unavailableSchema.optional(),
});

/** A provider of the client as the lanes see it. */
export const laneProviderSchema = z.object({
  /** The client's name for it. */
  id: z.string(),
  /** Why the client has no key for it; absent where it has. */
  off: unavailableSchema.optional(),
  /** The names by which its models go (aliases, and the ids themselves) → their ids in the client's file. */
  models: byName(z.string()),
  /** Names that it would serve, and what they need. */
  leftOut: byName(unavailableSchema).optional(),
});

/** `client`: what `agents` and `smoke` need to know beside the client's files. */
export const clientMetadataSchema = z.object({
  version,
  /** The stack's name, for commands. */
  stack: z.string(),
  /** The catalogue's lanes as they were deployed. */
  lanes: byName(laneSchema),
  providers: z.array(laneProviderSchema),
  probes: z.array(smokeTargetSchema),
});

/** `clientFiles`, a secret: the texts of opencode's two files. */
export const clientTextsSchema = z.object({
  /** Absent in the outputs of the release before there were versions. */
  version: version.optional(),
  opencode: z.string(),
  auth: z.string(),
  /** JSON: `{probes, lanes}`. What that release read in place of `client`; kept for one more. */
  guide: z.string(),
});

/** The form of `guide` in {@link clientTextsSchema}. */
export const olderMetadataSchema = z.object({
  probes: z.array(smokeTargetSchema),
  lanes: z.array(laneProviderSchema),
});

/** Where a stack is, and what it serves. */
export type Basics = z.output<typeof basicsSchema>;
/** The gateways' side of a stack. */
export type PlanOutput = z.output<typeof planOutputSchema>;
/** A request of `smoke`. */
export type SmokeTarget = z.output<typeof smokeTargetSchema>;
/** A provider with the models that a lane may lead to. */
export type LaneProvider = z.output<typeof laneProviderSchema>;
/** opencode's files as texts. */
export type ClientTexts = z.output<typeof clientTextsSchema>;
/** The clients' side of a stack. */
export type ClientMetadata = z.output<typeof clientMetadataSchema>;
