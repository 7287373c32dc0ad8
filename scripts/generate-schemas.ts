/** Generates the JSON Schemas with which editors complete and check the operator's files, from the schemas that parse them. */
import { z } from 'zod';
import { agentsSchema } from '../domain/schema/agents-schema.ts';
import { catalogSchema } from '../domain/schema/catalog-schema.ts';
import { settingsSchema } from '../domain/schema/settings-schema.ts';
import { fullName, NAMESPACE } from '../domain/schema/stack-file-names.ts';
import { ANY_KEY_SOURCE } from '../domain/schema/provider-key-names.ts';

type JsonSchema = Record<string, unknown>;

/** The folder in which they are committed. */
export const SCHEMA_FOLDER = 'domain/editor-schemas';

/** The text of each schema file, by its name in {@link SCHEMA_FOLDER}. */
export function schemaFiles(): Record<string, string> {
  const text = (title: string, schema: JsonSchema) => `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
  return {
    'catalog.schema.json': text('Switchyard: the catalogue', toJson(catalogSchema)),
    'agents.schema.json': text('Switchyard: agents', toJson(agentsSchema)),
    'stack.schema.json': text("Switchyard: a stack's settings", stackSchema()),
  };
}

function toJson(schema: z.ZodType): JsonSchema {
  // The schema of the input, in which fields with a default are optional. The YAML language server reads draft 7.
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
}

/** Allows numbers and booleans to be quoted, because Pulumi quotes them when it writes the file. */
function orQuoted({ description, ...schema }: JsonSchema): JsonSchema {
  const quoted: Record<string, JsonSchema> = {
    integer: { type: 'string', pattern: '^[0-9]+$' },
    boolean: { enum: ['true', 'false'] },
  };
  const other = quoted[String(schema.type)];
  return other === undefined ? { description, ...schema } : { description, anyOf: [schema, other] };
}

/** The schema of a whole Pulumi.<stack>.yaml: each setting with its full name, and keys only as secrets. */
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
