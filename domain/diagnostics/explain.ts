/** Turns zod's issues into problems: what was found, what is allowed, and the likely intended name. */
import { z } from 'zod';
import { unitOf } from '../schema/units.ts';
import { HIDDEN, mayHoldKey, showValue } from './key-leaks.ts';
import type { Problem } from './problems.ts';
import { didYouMean, listNames } from './suggest.ts';
import { formatPath, type Path, shorten } from './yaml-path.ts';
import type { Source } from './yaml-source.ts';

type Schema = z.core.$ZodType;

/** Keys of LiteLLM that users try here, and what Switchyard calls them. */
const NAMES_IN_OTHER_TOOLS: Readonly<Record<string, string>> = {
  model_list: 'models',
  fallback_models: 'fallbacks',
  router_settings: 'routing',
  model_timeouts: 'models.<alias>.timeout',
  cache_ttl: 'cache.ttl',
  request_timeout: 'limits.requestTimeout',
  stream_timeout: 'streamTimeout',
  max_parallel_requests: 'maxParallel',
  api_base: 'baseUrl',
  api_key: 'a Pulumi secret',
};

/**
 * Every issue that zod found in some data, as problems.
 *
 * @param prefix the path of `data` in the file.
 */
export function explain(
  schema: Schema,
  data: unknown,
  error: z.core.$ZodError,
  source: Source,
  prefix: Path = [],
): Problem[] {
  return error.issues.flatMap((issue) => explainIssue(schema, data, issue, source, prefix));
}

function explainIssue(
  schema: Schema,
  data: unknown,
  issue: z.core.$ZodIssue,
  source: Source,
  prefix: Path,
): Problem[] {
  const inner = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const path = [...prefix, ...inner];
  const found = valueAt(data, inner);
  const option = issue.code === 'invalid_union' ? optionMeant(issue.errors) : undefined;
  if (option !== undefined)
    return option.flatMap((one) =>
      explainIssue(schema, data, { ...one, path: [...issue.path, ...one.path] }, source, prefix),
    );
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, inner));
    return issue.keys.map((key) => {
      const name = mayHoldKey(key) ? HIDDEN : shorten(key);
      const ownName = Object.hasOwn(NAMES_IN_OTHER_TOOLS, key) ? NAMES_IN_OTHER_TOOLS[key] : undefined;
      const hint =
        ownName === undefined ? didYouMean(key, known) : `; Switchyard's name for it is ${ownName};`;
      const message = `unknown key${hint || ';'} allowed here: ${listNames(known)}`;
      const problem = source.problem([...path, key], message);
      return name === key ? problem : { ...problem, path: formatPath([...path, name]) };
    });
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'this name is not allowed';
    const name = String(inner.at(-1));
    const shown = mayHoldKey(name) ? [...path.slice(0, -1), HIDDEN] : path;
    return [{ ...source.problem(path, `the name is not allowed: ${reason}`), path: formatPath(shown) }];
  }
  if (found === undefined) {
    const schemaHere = schemaAt(schema, inner);
    const what = describe(schemaHere) ?? expected(schemaHere, issue);
    return [source.problem(path, `required, but missing: ${what}`)];
  }
  const hint = typeof found === 'string' ? didYouMean(found, valuesOf(schemaAt(schema, inner))) : '';
  return [
    source.problem(path, `found ${showValue(found)}; ${expected(schemaAt(schema, inner), issue)}${hint}`, {
      value: true,
    }),
  ];
}

/** The issues of the only option of a union that is for a value of this kind. */
function optionMeant(options: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const isOfOtherKind = ({ path, code }: z.core.$ZodIssue): boolean =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
  const meant = options.filter((issues) => !issues.some(isOfOtherKind));
  return meant.length === 1 ? meant[0] : undefined;
}

/** A schema's own description. */
function describe(schema: Schema): string | undefined {
  return z.globalRegistry.get(schema)?.description;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The schema for the value at a path; if no schema describes the whole path, the last one that describes a part of it. */
function schemaAt(schema: Schema, path: Path): Schema {
  let at = unwrap(schema);
  for (const step of path) {
    at = optionWith(at, step);
    const next =
      at instanceof z.ZodObject
        ? (at.shape as Record<string, Schema>)[step]
        : at instanceof z.ZodRecord
          ? at.valueType
          : at instanceof z.ZodArray
            ? at.element
            : undefined;
    if (next === undefined) return at;
    at = unwrap(next);
  }
  return at;
}

/** The option of a union that has something at this step: a list at a number, else a mapping. */
function optionWith(schema: Schema, step: string | number): Schema {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const options = schema.options.map(unwrap);
  const isMeant = (option: Schema): boolean =>
    typeof step === 'number' ? option instanceof z.ZodArray : option instanceof z.ZodObject;
  return options.find(isMeant) ?? schema;
}

function unwrap(schema: Schema): Schema {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault)
    at = at.unwrap();
  return at;
}

function keysOf(schema: Schema): string[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysOf(unwrap(option)));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function valuesOf(schema: Schema): string[] {
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

/** What a schema expects, in words; for other kinds of schemas, the schema's own error message. */
function expected(schema: Schema, issue: z.core.$ZodIssue): string {
  if (schema instanceof z.ZodEnum) return `allowed: ${listNames(valuesOf(schema))}`;
  if (schema instanceof z.ZodBoolean) return 'allowed: true, false';
  if (schema instanceof z.ZodNumber) {
    const unit = unitOf(schema);
    const kind = `${schema.isInt ? 'a whole number' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}`;
    const [least, most] = [schema.minValue ?? 0, schema.maxValue ?? Infinity];
    return `expected ${kind} ${most >= Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`}`;
  }
  if (schema instanceof z.ZodObject) return `expected a mapping with: ${listNames(keysOf(schema))}`;
  if (schema instanceof z.ZodRecord) return 'expected a mapping';
  if (schema instanceof z.ZodArray) {
    return issue.code === 'too_small'
      ? 'expected at least one entry'
      : issue.code === 'too_big'
        ? `at most ${String(issue.maximum)} entries are allowed`
        : 'expected a list';
  }
  if (schema instanceof z.ZodString && (issue.code === 'invalid_type' || issue.code === 'too_small'))
    return 'expected a string';
  if (schema instanceof z.ZodString && issue.code === 'too_big')
    return `at most ${String(issue.maximum)} characters are allowed`;
  return issue.message;
}
