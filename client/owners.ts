/** Tells what is the user's where a name of ours is in use already. Our entries of opencode.json are marked; auth.json has no room for a mark. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import type { ClientFiles } from './client-files.ts';
import { type Json, object } from './json-objects.ts';
import { isOurEntry } from './merge-entries.ts';

/** What a client has now. */
export interface Present {
  /** Its global config files, parsed: the one that we write to, and those beneath it. */
  configs: readonly Json[];
  /** auth.json, parsed. */
  auth: Json;
  /** Keys that are ours, whether they are to be written now or not. */
  known: OpencodeAuth;
}

/** Whose is what. */
export interface Owners {
  /** Names of ours under which the user has something, and for which we have no key: theirs stays, ours does not come. */
  kept: string[];
  /** Names under which a key of the user's gives way to ours. */
  replacedKeys: string[];
  /** Names of auth.json that are ours: set where we have a key, else removed. */
  ourKeys: string[];
  /** The user's own logins. */
  logins: string[];
}

/** Goes through our names, and those of auth.json. */
export function ownersOf(files: ClientFiles, { configs, auth, known }: Present): Owners {
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
  const kept = users.filter((name) => files.auth[name] === undefined);
  const usersKeys = users.filter((name) => name in auth && !isOurKey(name));
  // What bears our mark and is not in the catalogue any more: its key goes as its entry does.
  const gone = Object.keys(auth).filter((name) => !names.includes(name) && entriesOf(name).some(isOurEntry));
  const ourKeys = [...names, ...gone].filter((name) => !(kept.includes(name) && usersKeys.includes(name)));
  return {
    kept,
    replacedKeys: usersKeys.filter((name) => !kept.includes(name)),
    ourKeys,
    logins: Object.keys(auth).filter((name) => !ourKeys.includes(name)),
  };
}

/** The files without providers whose names the user keeps. They are off, so nothing else in the files names them. */
export function withoutKept(files: ClientFiles, kept: readonly string[]): ClientFiles {
  if (kept.length === 0) return files;
  const stays = (name: string): boolean => !kept.includes(name);
  const { provider, disabled_providers: disabled } = files.config;
  return {
    ...files,
    config: {
      ...files.config,
      provider: Object.fromEntries(Object.entries(provider).filter(([name]) => stays(name))),
      disabled_providers: disabled.filter(stays),
    },
  };
}
