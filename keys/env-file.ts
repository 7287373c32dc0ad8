/** Reads env files, as shells and dotenv know them. Pure; nothing that it returns as wrong holds a value. */

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
 * The variables of an env file: `NAME=value`, optionally after `export`, in single or double quotes, with comments. Values of several
 * lines are not understood, since no key has them.
 *
 * @returns the variables in their order, and the numbers of the lines that say nothing of the kind: their text may hold a key.
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

/** The value without quotes and trailing comment; undefined where a quote is not closed on its line. */
function unquote(text: string): string | undefined {
  const quoted = QUOTED.exec(text)?.groups?.value;
  if (quoted !== undefined) return quoted;
  if (/^["']/.test(text)) return undefined;
  return text.replace(/(^|\s+)#.*$/, '').trim();
}
