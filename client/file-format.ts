/** The formats of client files: how a text is parsed, and how its values are changed while comments, order and layout stay. Pure. */
import { parse as parseToml, patch as patchToml } from '@decimalturn/toml-patch';
import { isScalar, isSeq, parseDocument } from 'yaml';
import { UserError } from '../console/errors.ts';
import { canonical, isObject, type Json, parseObject } from './json-objects.ts';
import { keepLines } from './keep-lines.ts';
import type { Content } from './managed-values.ts';
import { differences, rewrite } from './rewrite.ts';

/** `json` is without comments, `jsonc` with comments and trailing commas; `text` is written and removed as a whole. */
export type FormatName = 'json' | 'jsonc' | 'toml' | 'yaml' | 'text';

/**
 * Parses a file's text.
 *
 * @param text undefined if there is no file.
 * @returns undefined for a text that does not exist, `{}` for an empty or missing one of the other formats.
 * @throws UserError with file, line and column if it is malformed, or not an object.
 */
export function parseFile(text: string | undefined, format: FormatName, file: string): Content {
  if (format === 'text') return text;
  if (text === undefined || text.trim() === '') return {};
  if (format === 'toml') return parsedToml(text, file);
  if (format === 'yaml') return parsedYaml(text, file);
  return parseObject(text, file, format === 'jsonc');
}

/**
 * Changes a file's text so that its content is `after`.
 *
 * @param text undefined if there is no file.
 * @param before the text's content.
 * @throws UserError if the text has a key twice, so that it cannot be changed safely.
 */
export function rewriteFile(
  text: string | undefined,
  { before, after, format, file }: { before: Content; after: Content; format: FormatName; file: string },
): string {
  if (typeof after === 'string') return after;
  if (after === undefined) return '';
  const from = isObject(before) ? before : {};
  if (text !== undefined && differences(from, after).length === 0) return text;
  const existing = text === undefined || text.trim() === '' ? '' : text;
  const written = writers[format](existing, from, after);
  if (differences(parseFile(written, format, file) as Json, after).length > 0) {
    throw new UserError(`cannot change ${file}: it seems to contain a key twice; nothing was changed`, {
      where: file,
      allowed: 'each key once',
    });
  }
  return written;
}

const writers: Record<FormatName, (text: string, before: Json, after: Json) => string> = {
  json: rewrite,
  jsonc: rewrite,
  toml: rewrittenToml,
  yaml: rewrittenYaml,
  text: (text) => text,
};

function parsedToml(text: string, file: string): Json {
  try {
    return parseToml(text) as Json;
  } catch (error) {
    const { line, column, message } = error as { line?: number; column?: number; message: string };
    throw malformed(
      file,
      'TOML',
      message.split('\n').at(-1)!,
      line === undefined ? undefined : [line, (column ?? 0) + 1],
    );
  }
}

function rewrittenToml(text: string, _: Json, after: Json): string {
  const patched = patchToml(text, after).replace(/^\n+$/, '');
  // A removed table takes the comments after it along.
  const comments = (of: string): string[] => of.split('\n').filter((line) => /^\s*#/.test(line));
  const lost = comments(text).filter((line) => !comments(patched).includes(line));
  const lines = [patched.replace(/\n$/, ''), ...lost].filter((line) => line !== '');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function parsedYaml(text: string, file: string): Json {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const [start] = error.linePos ?? [];
    const found = error.message.split(/ at line|\n/)[0]!;
    throw malformed(file, 'YAML', found, start && [start.line, start.col]);
  }
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (!isObject(value)) {
    throw new UserError(`${file} does not contain a mapping, so nothing was changed`, {
      where: file,
      allowed: 'name: value',
    });
  }
  return value;
}

function malformed(file: string, format: string, found: string, at?: [number, number?]): UserError {
  return new UserError(`${file} is not valid ${format}, so nothing was changed`, {
    where: at === undefined ? file : `${file}:${at[0]}:${at[1] ?? 1}`,
    found,
    allowed: format,
    command: 'fix the file, or move it away: connect then creates a new one',
  });
}

function isYamlOf(text: string, value: Json): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && canonical(document.toJS() ?? {}) === canonical(value);
}

function rewrittenYaml(text: string, before: Json, after: Json): string {
  const document = parseDocument(text);
  if (document.contents === null) {
    // The comments of a file without values belong before its first value.
    const comment = document.commentBefore ?? document.comment;
    document.contents = document.createNode({}) as never;
    document.comment = null;
    document.commentBefore = comment;
  }
  for (const { at, value } of differences(before, after)) {
    const list = document.getIn(at, true);
    if (value === undefined) document.deleteIn(at);
    else if (isSeq(list) && Array.isArray(value) && list.items.every(isScalar)) {
      // Entry by entry, so that the comments of those that stay do so too.
      list.items = list.items.filter((item) => value.includes((item as { value: unknown }).value));
      const present = list.items.map((item) => (item as { value: unknown }).value);
      for (const one of value) if (!present.includes(one)) list.add(document.createNode(one));
    } else document.setIn(at, document.createNode(value));
  }
  const written = document.toString({ lineWidth: 0 });
  // The library writes the whole text again, with its own spacing and indentation.
  const kept = keepLines(text, written);
  return isYamlOf(kept, after) ? kept : written;
}
