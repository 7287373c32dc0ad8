/** Finds the line and column of a setting in its stack's file. */
import { findLeaks, type KeyPattern } from './key-leaks.ts';
import type { Problem } from './problems.ts';
import { formatPath, type Path } from './yaml-path.ts';
import { readYaml, type Source } from './yaml-source.ts';
import { suggest } from './suggest.ts';
import { bareName, fullName, NAMESPACE } from '../schema/stack-file-names.ts';

/** A stack's file, read for line and column only: the values come from Pulumi. */
export interface StackFile {
  /** Paths start with the setting's name: `['masterKey', 'generation']`. */
  source: Source;
  /** The plain values as the file has them, by name without the namespace. */
  values: Readonly<Record<string, unknown>>;
  /** Errors about names with a misspelt namespace, which Pulumi ignores with no output. */
  misspeltNamespaces: Problem[];
}

/** Reads a stack's file. Never throws; a text that is not valid YAML has no positions. */
export function readStackFile(path: string, text: string): StackFile {
  const { data, source } = readYaml(text, path);
  const config = (data as { config?: unknown } | null | undefined)?.config;
  const names = typeof config === 'object' && config !== null ? Object.keys(config) : [];
  const spelt = (name: string): string => (names.includes(name) ? name : fullName(name));
  const full = ([name, ...rest]: Path): Path => [
    'config',
    ...(name === undefined ? [] : [spelt(String(name)), ...rest]),
  ];
  const misspeltNamespaces = names.flatMap((name) => {
    const [namespace, rest] = name.split(':', 2);
    if (namespace === undefined || rest === undefined || namespace === NAMESPACE) return [];
    if (suggest(namespace, [NAMESPACE]) === undefined) return [];
    const message = `unknown namespace "${namespace}"; did you mean "${fullName(rest)}"?`;
    return [source.problem(['config', name], message)];
  });
  const values = Object.fromEntries(
    names.map((name) => [bareName(name), (config as Record<string, unknown>)[name]]),
  );
  return {
    misspeltNamespaces,
    values,
    source: {
      ...source,
      at: (where) => source.at(full(where)),
      valueAt: (where) => source.valueAt(full(where)),
      problem: (where, message, more) => ({
        ...source.problem(full(where), message, more),
        path: formatPath(full(where)),
      }),
    },
  };
}

/**
 * Ciphertext as Pulumi writes it: `v1:<nonce>:<ciphertext>` after `secure:` or `encryptionsalt:`, or a cloud's wrapped key in base64 after
 * `encryptedkey:`. Any other value behind these names is still checked.
 */
const CIPHERTEXT =
  /\b(secure|encryptionsalt):\s+["']?v1:[A-Za-z0-9+/=:]+["']?(?=[\s,}]|$)|^encryptedkey:\s+[A-Za-z0-9+/=]{40,}\s*$/gm;

/** Finds what looks like a key in a stack's file, except in values that Pulumi encrypted. */
export function fileLeaks(source: Source, patterns: readonly KeyPattern[]): Problem[] {
  const open = source.text.replace(CIPHERTEXT, (hidden) => ' '.repeat(hidden.length));
  return findLeaks(open, source.file, patterns, (offset) => source.offset(offset));
}
