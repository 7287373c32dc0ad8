/** Parses a user's JSON file and reports the position of errors. */
import { parse, type ParseError, printParseErrorCode, stripComments } from 'jsonc-parser';
import { UserError } from '../console/errors.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object, and not for example a list or one of TOML's dates. */
export function isObject(value: unknown): value is Json {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The value if it is an object, else an empty object. */
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A value as a text that does not depend on the order of keys: two values are equal if their texts are. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null');
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

/** The strings in a list; empty if the value is not a list. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/**
 * Parses a file that contains a JSON object.
 *
 * @param comments whether comments and trailing commas are allowed, as in opencode.json.
 * @throws UserError with line and column, if the text is not JSON or not an object.
 */
export function parseObject(text: string, file: string, comments = true): Json {
  const errors: ParseError[] = [];
  const body = text.replace(/^\uFEFF/, ' ');
  const value: unknown = parse(body, errors, { allowTrailingComma: comments, disallowComments: !comments });
  // A file of nothing but comments is as good as an empty one.
  if (comments && value === undefined && stripComments(body).trim() === '') return {};
  const first = errors[0];
  if (first !== undefined) {
    const before = body.slice(0, first.offset).split('\n');
    throw new UserError(`${file} is not valid JSON, so nothing was changed`, {
      where: `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`,
      found: printParseErrorCode(first.error),
      allowed: comments ? 'JSON, with comments' : 'JSON without comments',
      command: 'fix the file, or move it away: connect then creates a new one',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${file} does not contain a JSON object, so nothing was changed`, {
      where: file,
      allowed: '{ … }',
    });
  }
  for (const key of ['provider', 'agent']) {
    const part = (value as Json)[key];
    if (
      comments &&
      part !== undefined &&
      (typeof part !== 'object' || part === null || Array.isArray(part))
    ) {
      throw new UserError(`${file}: ${key} is not an object, so nothing was changed`, {
        where: file,
        allowed: `"${key}": { … }`,
      });
    }
  }
  return value as Json;
}
