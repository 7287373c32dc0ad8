/** Reads the JSON of a user's file, and says where it is none. */
import { parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { UserError } from '../console/errors.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else an empty one. */
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** The texts in a list; none where it is no list. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/**
 * A file's object.
 *
 * @param comments whether comments and trailing commas are allowed, as in opencode.json.
 * @throws UserError with line and column, if it is no JSON or no object.
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
      command: 'mend the file, or move it away: connect then makes a new one',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${file} holds no JSON object, so nothing was changed`, {
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
      throw new UserError(`${file}: ${key} is no object, so nothing was changed`, {
        where: file,
        allowed: `"${key}": { … }`,
      });
    }
  }
  return value as Json;
}
