/** The JSON Schemas by which editors complete and check what an operator writes; from the very schemas that read it. */
import { z } from 'zod';
import { agentsSchema } from '../domain/schema/agents-schema.ts';
import { catalogSchema } from '../domain/schema/catalog-schema.ts';
import { settingsSchema } from '../domain/schema/settings-schema.ts';
import { fullName, NAMESPACE } from '../domain/schema/stack-file-names.ts';
import { ANY_KEY_SOURCE } from '../domain/schema/provider-key-names.ts';

type JsonSchema = Record<string, unknown>;

/** The folder that they are checked in to. */
export const SCHEMA_FOLDER = 'domain/editor-schemas';

/** Each schema file's text by its name in {@link SCHEMA_FOLDER}. */
export function schemaFiles(): Record<string, string> {
  const text = (title: string, schema: JsonSchema) => `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
  return {
    'catalog.schema.json': text('Switchyard: the catalogue', toJson(catalogSchema)),
    'agents.schema.json': text('Switchyard: agents', toJson(agentsSchema)),
    'stack.schema.json': text("Switchyard: a stack's settings", stackSchema()),
  };
}

function toJson(schema: z.ZodType): JsonSchema {
  // What a user writes: what has a default may be left out. Draft 7 is what the YAML language server reads.
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
}

/** A number or a truth value may be quoted: Pulumi writes them so once it has touched the file. */
function orQuoted({ description, ...schema }: JsonSchema): JsonSchema {
  const quoted: Record<string, JsonSchema> = {
    integer: { type: 'string', pattern: '^[0-9]+$' },
    boolean: { enum: ['true', 'false'] },
  };
  const other = quoted[String(schema.type)];
  return other === undefined ? { description, ...schema } : { description, anyOf: [schema, other] };
}

/** Pulumi's file around the settings: each by its full name, keys as secrets only. */
function stackSchema(): JsonSchema {
  const { $schema, properties } = toJson(settingsSchema) as { $schema: string; properties: JsonSchema };
  const named = Object.entries(properties).map(([name, schema]) => [
    fullName(name),
    orQuoted(schema as JsonSchema),
  ]);
  const secret = {
    description: `A provider's key. Set it with: pulumi config set --secret NAME`,
    type: 'object',
    properties: { secure: { type: 'string' } },
    required: ['secure'],
    additionalProperties: false,
  };
  return {
    $schema,
    type: 'object',
    properties: {
      encryptionsalt: { type: 'string' },
      encryptedkey: { type: 'string' },
      secretsprovider: { type: 'string' },
      config: {
        type: 'object',
        properties: Object.fromEntries(named) as JsonSchema,
        required: [fullName('port')],
        patternProperties: {
          [`^${NAMESPACE}:${ANY_KEY_SOURCE}$`]: secret,
          [`^(?!${NAMESPACE}:)[^:]+:`]: {},
        },
        additionalProperties: false,
      },
    },
    required: ['config'],
  };
}
