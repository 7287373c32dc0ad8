/** Merges the two lists by which opencode is told which providers there are. */
import type { OpencodeConfig } from '../../catalog/opencode.ts';
import { type Json, strings } from './json.ts';

/** What the lists of a file are made from. */
export interface ListsInput {
  theirs: Json;
  /** Values of the global files beneath this one. */
  below: Json;
  ours: OpencodeConfig;
  /** Whether all of the file is ours, so that we may decide which providers there are. */
  wholeFileIsOurs: boolean;
  /** Providers of ours that had a key before. */
  hadKey: readonly string[];
  /** The user's own logins. */
  logins: readonly string[];
}

/** `disabled_providers`: ours without a key are in it; one of ours that the user switched off although it had a key stays off. */
export function mergeDisabled({ theirs, below, ours, hadKey }: ListsInput): string[] | undefined {
  const off = strings(theirs.disabled_providers ?? below.disabled_providers);
  const offByUser = off.filter((name) => ours.enabled_providers.includes(name) && hadKey.includes(name));
  const disabled = [
    ...off.filter((name) => !(name in ours.provider) || offByUser.includes(name)),
    ...ours.disabled_providers.filter((name) => !offByUser.includes(name)),
  ];
  if (disabled.length === 0 && theirs.disabled_providers === undefined) return undefined;
  // In the order it had, new names at the end: an unchanged set is an unchanged file.
  return [...new Set([...off.filter((name) => disabled.includes(name)), ...disabled])];
}

/**
 * `enabled_providers`, which hides every provider that it does not name: extended where it is present, begun only where all is ours. One
 * that names ours alone is taken for ours, and must hide no login of the user's.
 */
export function mergeEnabled(input: ListsInput, notes: string[]): string[] | undefined {
  const { theirs, below, ours, wholeFileIsOurs, logins } = input;
  const listed = theirs.enabled_providers ?? below.enabled_providers;
  if (listed === undefined && !wholeFileIsOurs) return undefined;
  const isOurs = (name: string): boolean => name in ours.provider;
  const kept = strings(listed).filter((name) => !isOurs(name) || ours.enabled_providers.includes(name));
  const list = [...new Set([...kept, ...ours.enabled_providers])];
  const hidden = logins.filter((name) => !list.includes(name));
  const isUsersChoice = !strings(below.enabled_providers ?? listed).every(isOurs);
  if (hidden.length === 0 || isUsersChoice) return list;

  // A list in a file beneath can be overruled, but not taken back.
  const result = below.enabled_providers === undefined ? undefined : [...list, ...hidden];
  const verb = listed === undefined ? 'left out' : result === undefined ? 'taken out' : 'extended';
  // Left out once is worth a word, left out again is not.
  if (listed !== undefined || theirs.provider === undefined)
    notes.push(`enabled_providers was ${verb}: it would hide your own logins, ${hidden.join(', ')}`);
  return result;
}
