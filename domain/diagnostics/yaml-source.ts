/** Reads YAML into plain data and keeps the line and column of every value. Never throws, whatever the text. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from 'yaml';
import { HIDDEN, mayHoldKey } from './key-leaks.ts';
import type { Problem, Position } from './problems.ts';

/** The path of a value: names in mappings, numbers in lists. */
export type Path = readonly (string | number)[];

/** A YAML file that was read. */
export interface Source {
  file: string;
  text: string;
  /** The position of the key (or list entry) at `path`; of the nearest parent if there is none. */
  at(path: Path): Position | undefined;
  /** The position of the value at `path`; of the nearest parent's key if there is none. */
  valueAt(path: Path): Position | undefined;
  /** The position of the character at an offset of the text. */
  offset(offset: number): Position;
  /** A problem of this file, with its position filled in. */
  problem(path: Path, message: string, more?: Partial<Problem> & { value?: boolean }): Problem;
}

/** Larger than a catalogue of thousands of models. A larger text is not parsed. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_DEPTH = 40;

/** A path as people write it: `models.gpt-4.supersedes[0]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w:-]+$/.test(step) && !mayHoldKey(step)
          ? `${index === 0 ? '' : '.'}${step}`
          : `[${JSON.stringify(shown(step))}]`,
    )
    .join('');
}

/** A text cut to a length that fits a message. */
export function shorten(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/**
 * Reads a YAML text.
 *
 * Anchors, aliases, tags and several documents in one file are rejected: none of our files needs them, and nested aliases can expand a few
 * lines to gigabytes.
 *
 * @returns the data (undefined where it cannot be read), the source, and the errors of the YAML itself.
 */
export function readYaml(
  text: string,
  file: string,
): { data?: unknown; source: Source; problems: Problem[] } {
  const lines = new LineCounter();
  const offsets = new Map<string, { key: number; value: number }>();
  const source = makeSource(text, file, lines, offsets);
  const problems: Problem[] = [];
  const refuse = (offset: number, path: Path, message: string) =>
    void problems.push({
      severity: 'error',
      file,
      ...source.offset(offset),
      path: formatPath(path),
      message,
    });

  if (text.length > MAX_CHARACTERS) {
    problems.push({
      severity: 'error',
      file,
      path: '',
      message: `the file has ${text.length} characters; ${MAX_CHARACTERS} are allowed`,
    });
    return { source, problems };
  }
  try {
    // Duplicate keys are found below: the library's own check takes quadratic time.
    const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
    const [document, second] = Array.isArray(documents) ? documents : [];
    // One mistake in YAML causes many later errors: only the first is reported.
    const [error] = (Array.isArray(documents) ? documents : []).flatMap(({ errors }) => errors);
    if (error && /call stack/.test(error.message)) throw new RangeError(error.message);
    if (error) refuse(error.pos[0], [], `not valid YAML: ${withoutText(error)}`);
    else if (second)
      refuse(second.range[0], [], 'a second document begins here; one file holds one document');
    if (problems.length > 0) return { source, problems };
    const data = document?.contents ? toData(document.contents, [], 0) : undefined;
    return problems.length > 0 ? { source, problems } : { data, source, problems };
  } catch (error) {
    // The parser recurses: a text that is nested a thousand levels deep overflows the stack.
    if (!(error instanceof RangeError)) throw error;
    problems.push({ severity: 'error', file, path: '', message: 'nested too deeply to be read' });
    return { source, problems };
  }

  function toData(node: Node | null, path: Path, depth: number): unknown {
    if (node === null) return null;
    const offset = node.range?.[0] ?? 0;
    if (depth > MAX_DEPTH) return refuse(offset, path.slice(0, 4), `nested deeper than ${MAX_DEPTH} levels`);
    if (isAlias(node))
      return refuse(offset, path, `the alias *${shown(node.source)} is not allowed: write the value out`);
    if (node.anchor)
      return refuse(offset, path, `the anchor &${shown(node.anchor)} is not allowed: write the value out`);
    if (node.tag) return refuse(offset, path, `the tag ${shown(node.tag)} is not allowed`);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const at = [...path, index];
        const begin = (item as Node | null)?.range?.[0] ?? offset;
        offsets.set(pathKey(at), { key: begin, value: begin });
        return toData(item as Node | null, at, depth + 1);
      });
    }
    if (!isMap(node)) return refuse(offset, path, 'expected a value here');
    const data: Record<string, unknown> = {};
    for (const { key, value } of node.items) {
      const begin = (key as Node | null)?.range?.[0] ?? offset;
      const name = isScalar(key) ? String(key.source ?? key.value) : undefined;
      if (name === undefined || name === '__proto__') {
        refuse(begin, path, 'expected a plain word as key');
        continue;
      }
      const at = [...path, name];
      if (Object.hasOwn(data, name)) {
        const first = offsets.get(pathKey(at));
        refuse(begin, at, `given twice${first ? `: first in line ${source.offset(first.key).line}` : ''}`);
        continue;
      }
      offsets.set(pathKey(at), { key: begin, value: (value as Node | null)?.range?.[0] ?? begin });
      data[name] = toData(value as Node | null, at, depth + 1);
    }
    return data;
  }
}

/** A piece of the text for a message: shortened, and hidden where it may be a key. */
function shown(text: string): string {
  return mayHoldKey(text) ? HIDDEN : shorten(text);
}

/** The parser's message; without its quotation from the text if that may hold a key. */
function withoutText({ message, code }: YAMLError): string {
  return mayHoldKey(message) ? `${code.toLowerCase().replaceAll('_', ' ')} ${HIDDEN}` : message;
}

function pathKey(path: Path): string {
  return path.map((step) => (typeof step === 'number' ? `#${step}` : `.${step}`)).join('\0');
}

function makeSource(
  text: string,
  file: string,
  lines: LineCounter,
  offsets: ReadonlyMap<string, { key: number; value: number }>,
): Source {
  const offset = (at: number): Position => {
    const { line, col } = lines.linePos(at);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const find = (path: Path, part: 'key' | 'value'): Position | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const found = offsets.get(pathKey(path.slice(0, length)));
      if (found) return offset(length === path.length ? found[part] : found.key);
    }
    return text === '' ? undefined : { line: 1, column: 1 };
  };
  return {
    file,
    text,
    offset,
    at: (path) => find(path, 'key'),
    valueAt: (path) => find(path, 'value'),
    problem: (path, message, { value, ...more } = {}) => ({
      severity: 'error',
      file,
      ...find(path, value ? 'value' : 'key'),
      path: formatPath(path),
      message,
      ...more,
    }),
  };
}
