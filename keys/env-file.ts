/** Reads env files in the format of shells and dotenv. Pure; what it reports as malformed contains no value. */

/** A variable of an env file. */
export interface EnvVariable {
  name: string;
  value: string;
  /** Counted from 1. */
  line: number;
}

const ASSIGNMENT = /^(?:export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?<rest>.*)$/;
const QUOTED = /^(?<quote>["'])(?<value>.*)\k<quote>\s*(?:#.*)?$/;

/**
 * Parses an env file: `NAME=value`, optionally after `export`, in single or double quotes, with comments. Multi-line values are not
 * supported, since no key has several lines.
 *
 * @returns the variables in order, and the numbers of malformed lines: not their text, which may contain a key.
 */
export function parseEnvFile(text: string): { variables: EnvVariable[]; malformed: number[] } {
  const variables: EnvVariable[] = [];
  const malformed: number[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const { name, rest } = ASSIGNMENT.exec(line)?.groups ?? {};
    const value = rest === undefined ? undefined : unquote(rest);
    if (name === undefined || value === undefined) malformed.push(index + 1);
    else variables.push({ name, value, line: index + 1 });
  }
  return { variables, malformed };
}

/** The value without quotes and trailing comment; undefined if a quote is not closed on the line. */
function unquote(text: string): string | undefined {
  const quoted = QUOTED.exec(text)?.groups?.value;
  if (quoted !== undefined) return quoted;
  if (/^["']/.test(text)) return undefined;
  return text.replace(/(^|\s+)#.*$/, '').trim();
}
