/** Reads YAML into plain data and keeps the line and column of every value. Never throws, whatever the text. */
import { LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { HIDDEN, mayHoldKey } from './key-leaks.ts';
import type { Problem, Position } from './problems.ts';
import { type Offsets, plainData } from './yaml-data.ts';
import { formatPath, type Path, pathKey } from './yaml-path.ts';

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
  const offsets: Offsets = new Map();
  const source = makeSource(text, file, lines, offsets);
  const problems: Problem[] = [];
  const refuse = (offset: number, path: Path, message: string): undefined => {
    problems.push({ severity: 'error', file, ...source.offset(offset), path: formatPath(path), message });
  };
  const lineOf = (offset: number): number => source.offset(offset).line;

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
    // `plainData` finds duplicate keys: the library's own check takes quadratic time.
    const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
    const [document, second] = Array.isArray(documents) ? documents : [];
    // One mistake in YAML causes many later errors: only the first is reported.
    const [error] = (Array.isArray(documents) ? documents : []).flatMap(({ errors }) => errors);
    if (error && /call stack/.test(error.message)) throw new RangeError(error.message);
    if (error) refuse(error.pos[0], [], `not valid YAML: ${withoutText(error)}`);
    else if (second)
      refuse(second.range[0], [], 'a second document begins here; one file holds one document');
    if (problems.length > 0) return { source, problems };
    const data = document?.contents ? plainData(document.contents, { offsets, refuse, lineOf }) : undefined;
    return problems.length > 0 ? { source, problems } : { data, source, problems };
  } catch (error) {
    // The parser recurses: a text that is nested a thousand levels deep overflows the stack.
    if (!(error instanceof RangeError)) throw error;
    problems.push({ severity: 'error', file, path: '', message: 'nested too deeply to be read' });
    return { source, problems };
  }
}

/** The parser's message; without its quotation from the text if that may hold a key. */
function withoutText({ message, code }: YAMLError): string {
  return mayHoldKey(message) ? `${code.toLowerCase().replaceAll('_', ' ')} ${HIDDEN}` : message;
}

function makeSource(text: string, file: string, lines: LineCounter, offsets: Readonly<Offsets>): Source {
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
