/** Parses a user's JSON file and reports the position of errors. */
import { parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { UserError } from '../console/errors.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else an empty object. */
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
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
