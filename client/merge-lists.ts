/** Merges the two lists that tell opencode which providers are on: `enabled_providers` and `disabled_providers`. */
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { type Json, strings } from './json-objects.ts';

/** Entries of the two lists. */
export interface ListEntries {
  enabled_providers: string[];
  disabled_providers: string[];
}

/** The inputs from which a file's lists are merged. */
export interface ListsInput {
  theirs: Json;
  /** The values of the base layers: the global files that this one overrides. */
  baseValues: Json;
  ours: OpencodeConfig;
  /** Whether the whole file is ours, so that we may decide which providers are on. */
  wholeFileIsOurs: boolean;
  /** Our providers that had a key before this run. */
  hadApiKey: readonly string[];
  /** The user's own logins. */
  logins: readonly string[];
  /** The entries that we added before; undefined if there is no record of them. */
  added?: ListEntries | undefined;
}

/** A merged list. */
export interface MergedList {
  /** undefined if the file should not have this list. */
  list: string[] | undefined;
  /** Its entries that are ours and not the user's. */
  added: string[];
}

/**
 * `disabled_providers`: the user's entries, and our providers without a key. If there is no record, an entry that names one of our
 * providers with a key counts as the user's if that provider had a key before, too.
 */
export function mergeDisabled({ theirs, baseValues, ours, hadApiKey, added }: ListsInput): MergedList {
  const before = strings(theirs.disabled_providers ?? baseValues.disabled_providers);
  const isUsers = (name: string): boolean =>
    added === undefined
      ? !(name in ours.provider) || (ours.enabled_providers.includes(name) && hadApiKey.includes(name))
      : !added.disabled_providers.includes(name);
  const merged = combine(before, before.filter(isUsers), ours.disabled_providers);
  if (merged.list?.length === 0 && theirs.disabled_providers === undefined)
    return { list: undefined, added: [] };
  return merged;
}

/**
 * `enabled_providers` hides every provider that it does not name. An existing list is extended; a new one is created only if the whole
 * file is ours. A list without an entry of the user's is ours, and must not hide the user's logins.
 */
export function mergeEnabled(input: ListsInput, notes: string[]): MergedList {
  const { theirs, baseValues, ours, wholeFileIsOurs, logins, added } = input;
  const listed = theirs.enabled_providers ?? baseValues.enabled_providers;
  if (listed === undefined && !wholeFileIsOurs) return { list: undefined, added: [] };
  const before = strings(listed);
  const isUsers = (name: string): boolean =>
    added === undefined ? !(name in ours.provider) : !added.enabled_providers.includes(name);
  const users = before.filter(isUsers);
  const merged = combine(before, users, ours.enabled_providers);
  const hidden = logins.filter((name) => !merged.list?.includes(name));
  const isUsersChoice = strings(baseValues.enabled_providers ?? listed).some(isUsers);
  if (hidden.length === 0 || isUsersChoice) return merged;

  // A list in a base layer can be overridden here, but not removed.
  const extended = baseValues.enabled_providers !== undefined;
  const verb = listed === undefined ? 'not written' : extended ? 'extended' : 'removed';
  // That it is not written is noted on the first run only.
  if (listed !== undefined || theirs.provider === undefined)
    notes.push(`enabled_providers was ${verb}: it would hide your own logins: ${hidden.join(', ')}`);
  return extended
    ? combine(before, users, [...ours.enabled_providers, ...hidden])
    : { list: undefined, added: [] };
}

/** The user's entries and ours, in the previous order with new ones at the end, so that an unchanged set leaves the file unchanged. */
function combine(before: readonly string[], users: readonly string[], ours: readonly string[]): MergedList {
  const entries = [...users, ...ours];
  return {
    list: [...new Set([...before.filter((name) => entries.includes(name)), ...entries])],
    added: ours.filter((name) => !users.includes(name)),
  };
}
