/**
 * Finds out which entries are the user's and which are ours, where both may have the same name. Our entries in opencode.json are marked;
 * entries in auth.json cannot be. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import type { ClientFiles } from './client-files.ts';
import { type Json, object } from './json-objects.ts';
import { isOurEntry } from './merge-entries.ts';

/** The client's current files. */
export interface CurrentFiles {
  /** Its global config files, parsed: the one that we write to, and its base layers. */
  configs: readonly Json[];
  /** auth.json, parsed. */
  auth: Json;
  /** All of our keys, whether they are written this time or not. */
  known: OpencodeAuth;
}

/** Which entries are whose. */
export interface EntryOwnership {
  /** Our provider names under which the user has an entry and for which we have no key: their entry is preserved, ours is not written. */
  preserved: string[];
  /** Names under which a key of the user's is replaced by ours. */
  replacedKeys: string[];
  /** Names in auth.json that are ours: set if we have a key, else removed. */
  ourKeys: string[];
  /** The user's own logins. */
  logins: string[];
}

/** Determines the ownership of our provider names and of the entries in auth.json. */
export function entryOwnership(files: ClientFiles, { configs, auth, known }: CurrentFiles): EntryOwnership {
  const isOurKey = (name: string): boolean =>
    [files.auth[name], known[name]].some((key) => key !== undefined && isDeepStrictEqual(auth[name], key));
  const entriesOf = (name: string): unknown[] =>
    configs.map(({ provider }) => object(provider)[name]).filter((entry) => entry !== undefined);

  const names = Object.keys(files.config.provider);
  const users = names.filter((name) => {
    const entries = entriesOf(name);
    if (entries.some(isOurEntry)) return false;
    return entries.length > 0 || (name in auth && !isOurKey(name));
  });
  const preserved = users.filter((name) => files.auth[name] === undefined);
  const usersKeys = users.filter((name) => name in auth && !isOurKey(name));
  // Marked entries that are no longer in the catalogue: their keys are removed together with the entries.
  const dropped = Object.keys(auth).filter(
    (name) => !names.includes(name) && entriesOf(name).some(isOurEntry),
  );
  const ourKeys = [...names, ...dropped].filter(
    (name) => !(preserved.includes(name) && usersKeys.includes(name)),
  );
  return {
    preserved,
    replacedKeys: usersKeys.filter((name) => !preserved.includes(name)),
    ourKeys,
    logins: Object.keys(auth).filter((name) => !ourKeys.includes(name)),
  };
}

/** The files without the providers whose names the user's own entries have. These providers are off, so nothing else refers to them. */
export function withoutPreserved(files: ClientFiles, preserved: readonly string[]): ClientFiles {
  if (preserved.length === 0) return files;
  const isOurs = (name: string): boolean => !preserved.includes(name);
  const { provider, disabled_providers: disabled } = files.config;
  return {
    ...files,
    config: {
      ...files.config,
      provider: Object.fromEntries(Object.entries(provider).filter(([name]) => isOurs(name))),
      disabled_providers: disabled.filter(isOurs),
    },
  };
}
