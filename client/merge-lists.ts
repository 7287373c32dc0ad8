/** Merges the two lists by which opencode is told which providers there are. */
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { type Json, strings } from './json-objects.ts';

/** Entries of the two lists. */
export interface ListEntries {
  enabled_providers: string[];
  disabled_providers: string[];
}

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
  /** The entries that we added before; undefined where there is no record of them. */
  added?: ListEntries | undefined;
}

/** A list as it is to be. */
export interface MergedList {
  /** undefined where the file is to have none. */
  list: string[] | undefined;
  /** The entries of it that are ours and not the user's. */
  added: string[];
}

/**
 * `disabled_providers`: the user's entries, and ours without a key. Without a record an entry of ours that has a key counts as the
 * user's if it had one before.
 */
export function mergeDisabled({ theirs, below, ours, hadKey, added }: ListsInput): MergedList {
  const before = strings(theirs.disabled_providers ?? below.disabled_providers);
  const isUsers = (name: string): boolean =>
    added === undefined
      ? !(name in ours.provider) || (ours.enabled_providers.includes(name) && hadKey.includes(name))
      : !added.disabled_providers.includes(name);
  const merged = combine(before, before.filter(isUsers), ours.disabled_providers);
  if (merged.list?.length === 0 && theirs.disabled_providers === undefined)
    return { list: undefined, added: [] };
  return merged;
}

/**
 * `enabled_providers`, which hides every provider that it does not name: extended where it is present, begun only where all is ours. One
 * without an entry of the user's is ours, and must hide no login of the user's.
 */
export function mergeEnabled(input: ListsInput, notes: string[]): MergedList {
  const { theirs, below, ours, wholeFileIsOurs, logins, added } = input;
  const listed = theirs.enabled_providers ?? below.enabled_providers;
  if (listed === undefined && !wholeFileIsOurs) return { list: undefined, added: [] };
  const before = strings(listed);
  const isUsers = (name: string): boolean =>
    added === undefined ? !(name in ours.provider) : !added.enabled_providers.includes(name);
  const users = before.filter(isUsers);
  const merged = combine(before, users, ours.enabled_providers);
  const hidden = logins.filter((name) => !merged.list?.includes(name));
  const isUsersChoice = strings(below.enabled_providers ?? listed).some(isUsers);
  if (hidden.length === 0 || isUsersChoice) return merged;

  // A list in a file beneath can be overruled, but not taken back.
  const extended = below.enabled_providers !== undefined;
  const verb = listed === undefined ? 'left out' : extended ? 'extended' : 'taken out';
  // Left out once is worth a word, left out again is not.
  if (listed !== undefined || theirs.provider === undefined)
    notes.push(`enabled_providers was ${verb}: it would hide your own logins, ${hidden.join(', ')}`);
  return extended
    ? combine(before, users, [...ours.enabled_providers, ...hidden])
    : { list: undefined, added: [] };
}

/** The user's entries and ours, in the order that the list had, new ones at the end: an unchanged set is an unchanged file. */
function combine(before: readonly string[], users: readonly string[], ours: readonly string[]): MergedList {
  const wanted = [...users, ...ours];
  return {
    list: [...new Set([...before.filter((name) => wanted.includes(name)), ...wanted])],
    added: ours.filter((name) => !users.includes(name)),
  };
}
