/** Reads env files as shells, dotenv, PowerShell, cmd, fish and YAML write them. Pure; what it reports contains no value. */
import { INVISIBLE } from '../domain/diagnostics/characters.ts';
import type { Position } from '../domain/diagnostics/problems.ts';

/** A variable of an env file. */
export interface EnvVariable extends Position {
  name: string;
  value: string;
  /** The column of the value's first character, from 1. `line` and `column` are the place of the name. */
  valueColumn: number;
  /** The first invisible character inside the value. `value` is without it. */
  invisible?: { column: number; character: string };
}

/** A line that could not be read: its place and the reason, without its text, which may contain a key. */
export interface MalformedLine extends Position {
  /** Left out if there is none, or none that can be recognized. */
  name?: string;
  reason: string;
}

const NAME = '(?<name>[A-Za-z_][A-Za-z0-9_]*)';

/** The ways to set a variable. */
const FORMS = [
  // cmd; here the quotes enclose the name too.
  new RegExp(`^set\\s+(?<quote>")${NAME}=(?<value>.*)$`, 'di'),
  // PowerShell
  new RegExp(`^\\$\\{?env:${NAME}\\}?\\s*=\\s*(?<value>.*)$`, 'di'),
  // fish
  new RegExp(`^set(?:\\s+-[a-z-]+)+\\s+${NAME}\\s+(?<value>.*)$`, 'di'),
  // sh, dotenv, cmd
  new RegExp(`^(?:(?:export|set|(?:declare|typeset)\\s+-x)\\s+)?${NAME}\\s*=\\s*(?<value>.*)$`, 'di'),
  // csh, and cmd's permanent variables
  new RegExp(`^(?:setenv|setx)\\s+${NAME}\\s+(?<value>.*)$`, 'di'),
  // YAML, JSON
  new RegExp(`^["']?${NAME}["']?\\s*:(?:\\s+(?<value>.*))?$`, 'd'),
];

/** Lines that set nothing: comments, options of shells, exports of a variable set elsewhere, brackets and separators. */
const NO_ASSIGNMENT =
  /^(?:#.*|(?:@?rem|::)(?:\s.*)?|@echo\s+off|set\s+[-+][a-z]+|export(?:\s+[A-Za-z_]\w*)+|[{}[\],]+|---|\.\.\.)?$/i;

/** Quotes that may close each other. Editors turn straight quotes into curly ones, sometimes only one of a pair. */
const QUOTES = ['"“”„‟″', "'‘’‚‛′", '`'];

/**
 * Parses an env file: one variable per line, with quotes and comments. Invisible characters and surrounding spaces are left out. Values of
 * several lines are not supported, since no key has several lines; the lines of a PEM block are skipped.
 *
 * @returns the variables and the malformed lines, in order.
 */
export function parseEnvFile(text: string): { variables: EnvVariable[]; malformed: MalformedLine[] } {
  const variables: EnvVariable[] = [];
  const malformed: MalformedLine[] = [];
  let inPem = false;
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    if (inPem) {
      inPem = !raw.includes('-----END ');
      continue;
    }
    const line = readLine(raw, index + 1);
    if (line === undefined) continue;
    if ('reason' in line) malformed.push(line);
    else variables.push(line);
    inPem = raw.includes('-----BEGIN ') && !raw.includes('-----END ');
  }
  return { variables, malformed };
}

function readLine(raw: string, line: number): EnvVariable | MalformedLine | undefined {
  const { text, columns } = withoutInvisible(raw);
  if (NO_ASSIGNMENT.test(text)) return undefined;
  const column = (index: number): number => columns[index] ?? 1;
  const match = FORMS.map((form) => form.exec(text)).find((found) => found !== null);
  const { name, quote } = match?.groups ?? {};
  if (!match || name === undefined) return { line, column: column(0), reason: EXPECTED };
  const [nameAt = 0] = match.indices?.groups?.name ?? [];
  const [start = text.length] = match.indices?.groups?.value ?? [];
  const found = unquote(text, start, quote);
  if ('reason' in found) return { line, column: column(found.at), name, reason: found.reason };
  const { from, to } = found;
  const at = { name, value: text.slice(from, to), line, column: column(nameAt), valueColumn: column(from) };
  for (let index = from + 1; index < to; index += 1) {
    const next = column(index - 1) + 1;
    if (column(index) === next) continue;
    return {
      ...at,
      invisible: { column: next, character: String.fromCodePoint(raw.codePointAt(next - 1) ?? 0) },
    };
  }
  return at;
}

const EXPECTED = 'not understood; expected NAME=value';

/** The line without invisible characters and surrounding spaces, and the column of each remaining character. */
function withoutInvisible(raw: string): { text: string; columns: number[] } {
  let text = '';
  const columns: number[] = [];
  let column = 1;
  for (const character of raw) {
    if (!INVISIBLE.test(character)) {
      text += character;
      for (let unit = 0; unit < character.length; unit += 1) columns.push(column + unit);
    }
    column += character.length;
  }
  columns.push(column);
  const trimmed = text.trim();
  return { text: trimmed, columns: columns.slice(text.length - text.trimStart().length) };
}

type Range = { from: number; to: number } | { at: number; reason: string };

/**
 * Finds the value without quotes and trailing comment.
 *
 * @param start where the value begins in the text, with its quote.
 * @param opened a quote that was opened before it.
 */
function unquote(text: string, start: number, opened?: string): Range {
  const kind = QUOTES.find((quotes) => quotes.includes(opened ?? (text[start] || 'none')));
  if (kind === undefined) return trimmed(text, start, commentStart(text, start));
  const from = opened === undefined ? start + 1 : start;
  let to = from;
  while (to < text.length && !kind.includes(text.charAt(to))) to += 1;
  if (to === text.length) return { at: from - 1, reason: 'its quote is not closed on this line' };
  const rest = /^\s*[;,]?\s*(?:#.*)?$/.test(text.slice(to + 1));
  return rest ? trimmed(text, from, to) : { at: to + 1, reason: 'unexpected text after the closing quote' };
}

/** Where a comment begins: at a `#` at the beginning or after a space; else the end of the text. */
function commentStart(text: string, start: number): number {
  for (let index = start; index < text.length; index += 1)
    if (text[index] === '#' && (index === start || /\s/.test(text.charAt(index - 1)))) return index;
  return text.length;
}

/** The range without spaces at its ends. */
function trimmed(text: string, from: number, to: number): Range {
  const inner = text.slice(from, to);
  const begin = from + inner.length - inner.trimStart().length;
  return { from: begin, to: Math.max(begin, from + inner.trimEnd().length) };
}
