/** Reads the stack outputs that the Pulumi program wrote, possibly a program of an older or a newer release. Pure. */
import { z } from 'zod';
import type { OpencodeAuth, OpencodeConfig } from '../render/opencode-files.ts';
import {
  type Basics,
  basicsSchema,
  type ClientMetadata,
  clientMetadataSchema,
  clientTextsSchema,
  olderMetadataSchema,
  OUTPUTS_VERSION,
  type PlanOutput,
  planOutputSchema,
} from '../schema/outputs-schema.ts';

/** A stack's outputs as Pulumi has them. */
export type RawOutputs = Readonly<Record<string, unknown>>;

/** Why this release cannot use an output, and the command that fixes it. */
export interface Refusal {
  message: string;
  found?: string;
  command: string;
}

/** An output that was read, or why it was not. */
export type Read<T> = { value: T } | { refusal: Refusal };

/** The outputs for a stack's clients, parsed. */
export interface StackClient {
  config: OpencodeConfig;
  auth: OpencodeAuth;
  clientMetadata: StackMetadata;
}

/** The output `client`, with the current names of its fields. */
export interface StackMetadata extends Omit<ClientMetadata, 'lanes' | 'probes'> {
  /** Undefined in the outputs of the previous release. */
  lanes?: ClientMetadata['lanes'];
  /** The requests that `smoke` makes. */
  smokeTargets: ClientMetadata['probes'];
}

/** The parts of opencode.json that we change; everything else in it is preserved. */
const configSchema: z.ZodType<OpencodeConfig> = z.looseObject({
  $schema: z.string(),
  enabled_providers: z.array(z.string()),
  disabled_providers: z.array(z.string()),
  model: z.string().optional(),
  small_model: z.string().optional(),
  provider: z.record(
    z.string(),
    z.looseObject({
      npm: z.string(),
      name: z.string(),
      options: z.looseObject({ baseURL: z.string(), headers: z.record(z.string(), z.string()).optional() }),
      models: z.record(
        z.string(),
        z.looseObject({
          name: z.string(),
          limit: z.looseObject({ context: z.number(), output: z.number() }),
          cost: z.looseObject({ input: z.number(), output: z.number() }).optional(),
          modalities: z
            .looseObject({
              input: z.array(z.enum(['text', 'image', 'pdf'])),
              output: z.array(z.literal('text')),
            })
            .optional(),
          headers: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
  agent: z.record(
    z.string(),
    z.looseObject({
      mode: z.literal('primary'),
      model: z.string(),
      description: z.string(),
      prompt: z.string().optional(),
    }),
  ),
});

const authSchema: z.ZodType<OpencodeAuth> = z.record(
  z.string(),
  z.looseObject({ type: z.literal('api'), key: z.string() }),
);

/** `clientFiles` with its texts parsed. */
const filesSchema = clientTextsSchema.extend({
  opencode: jsonText(configSchema),
  auth: jsonText(authSchema),
});

/** The outputs that every release has: `endpoint`, `openaiBaseUrl`, `masterKey`, `models`, `leftOut`. */
export function readBasics(stack: string, outputs: RawOutputs): Read<Basics> {
  if (outputs.endpoint === undefined) return refuse(`stack ${stack} is not deployed`, stack);
  return read(stack, 'outputs', basicsSchema, outputs);
}

/**
 * The outputs `clientFiles` and `client`.
 *
 * @param stack the stack's name, for messages.
 */
export function readClient(stack: string, outputs: RawOutputs): Read<StackClient> {
  if (outputs.clientFiles === undefined)
    return refuse(`stack ${stack} has no client files: it is not deployed`, stack);
  const files = read(stack, 'clientFiles', filesSchema, outputs.clientFiles);
  if ('refusal' in files) return files;
  const { opencode: config, auth, guide: olderMetadata } = files.value;
  const metadata =
    outputs.client === undefined
      ? readOlderMetadata(stack, olderMetadata)
      : readMetadata(stack, outputs.client);
  return 'refusal' in metadata ? metadata : { value: { config, auth, clientMetadata: metadata.value } };
}

function readMetadata(stack: string, output: unknown): Read<StackMetadata> {
  const metadata = read(stack, 'client', clientMetadataSchema, output);
  if ('refusal' in metadata) return metadata;
  const { probes: smokeTargets, ...rest } = metadata.value;
  return { value: { ...rest, smokeTargets } };
}

/** The client metadata of the previous release, whose stacks have it as the text `guide` instead of the output `client`. */
function readOlderMetadata(stack: string, text: string): Read<StackMetadata> {
  const metadata = read(stack, 'clientFiles.guide', jsonText(olderMetadataSchema), text);
  if ('refusal' in metadata) return metadata;
  const { probes: smokeTargets, lanes: providers } = metadata.value;
  return { value: { version: OUTPUTS_VERSION, stack, providers, smokeTargets } };
}

/** The output `plan`; undefined where the stack is not deployed, or by an older release. */
export function readPlan(stack: string, outputs: RawOutputs): Read<PlanOutput | undefined> {
  if (outputs.plan === undefined) return { value: undefined };
  return read(stack, 'plan', planOutputSchema, outputs.plan);
}

/** The output `keys`, the values of the virtual keys by name; empty where the stack was deployed by an older release. */
export function readKeys(stack: string, outputs: RawOutputs): Read<Record<string, string>> {
  return read(stack, 'keys', z.record(z.string(), z.string()), outputs.keys ?? {});
}

/** The output `masterKeyGeneration`; undefined where the stack is not deployed, or by an older release. */
export function readGeneration(stack: string, outputs: RawOutputs): Read<number | undefined> {
  return read(stack, 'masterKeyGeneration', z.int().min(1).optional(), outputs.masterKeyGeneration);
}

function read<T>(stack: string, name: string, schema: z.ZodType<T>, value: unknown): Read<T> {
  const { version } = z.looseObject({ version: z.number() }).safeParse(value).data ?? {};
  if (version !== undefined && version > OUTPUTS_VERSION) {
    const message = `stack ${stack} was deployed by a newer Switchyard: update this checkout`;
    const found = `version ${version} of the output ${name}; this checkout reads ${OUTPUTS_VERSION}`;
    return { refusal: { message, found, command: 'git pull' } };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  // The path and the expected type, never the value: it may be a key.
  const found = `${[name, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'unexpected value'}`;
  return refuse(`this Switchyard cannot read the outputs of stack ${stack}`, stack, found);
}

function refuse(message: string, stack: string, found?: string): { refusal: Refusal } {
  return { refusal: { message, ...(found ? { found } : {}), command: `./switchyard up ${stack}` } };
}

/** A text that holds JSON for this schema. */
function jsonText<T>(schema: z.ZodType<T>): z.ZodType<T, string> {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'not valid JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
