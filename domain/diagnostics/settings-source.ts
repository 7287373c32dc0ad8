/** Where a setting stands in its stack's file. */
import { findLeaks, type KeyPattern } from './key-leaks.ts';
import type { Problem } from './problems.ts';
import { formatPath, type Path, readYaml, type Source } from './yaml-source.ts';
import { suggest } from './suggest.ts';
import { bareName, fullName, NAMESPACE } from '../schema/stack-file-names.ts';

/** A stack's file, read for places only: what it says reaches us through Pulumi. */
export interface StackFile {
  /** Paths start with the setting's name: `['masterKey', 'generation']`. */
  source: Source;
  /** The plain values as the file has them, by name without the namespace. */
  values: Readonly<Record<string, unknown>>;
  /** Names that Pulumi would pass over without a word, because their namespace is misspelt. */
  strangers: Problem[];
}

/** Reads a stack's file. Never throws; a text that cannot be read has no places. */
export function readStackFile(path: string, text: string): StackFile {
  const { data, source } = readYaml(text, path);
  const config = (data as { config?: unknown } | null | undefined)?.config;
  const names = typeof config === 'object' && config !== null ? Object.keys(config) : [];
  const spelt = (name: string): string => (names.includes(name) ? name : fullName(name));
  const full = ([name, ...rest]: Path): Path => [
    'config',
    ...(name === undefined ? [] : [spelt(String(name)), ...rest]),
  ];
  const strangers = names.flatMap((name) => {
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
    strangers,
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
 * What Pulumi writes: `v1:<nonce>:<ciphertext>` and the like after the name, or a cloud's wrapped key in base64. Nothing else is
 * ciphertext because it stands behind that name.
 */
const CIPHERTEXT =
  /\b(secure|encryptionsalt):\s+["']?v1:[A-Za-z0-9+/=:]+["']?(?=[\s,}]|$)|^encryptedkey:\s+[A-Za-z0-9+/=]{40,}\s*$/gm;

/** What looks like a key in a stack's file outside of what Pulumi encrypted. */
export function fileLeaks(source: Source, patterns: readonly KeyPattern[]): Problem[] {
  const open = source.text.replace(CIPHERTEXT, (hidden) => ' '.repeat(hidden.length));
  return findLeaks(open, source.file, patterns, (offset) => source.offset(offset));
}
