/** Merges our keys into a user's auth.json. Pure: takes and returns text. */
import { isDeepStrictEqual } from 'node:util';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import { type Json, parseObject } from './json-objects.ts';

/**
 * Merges our keys into an existing auth.json: sets the keys of our providers, removes those of our providers that have no key any more,
 * and preserves all others.
 *
 * @param names all of our providers, with or without a key.
 */
export function mergeAuth(
  existing: string | undefined,
  ours: OpencodeAuth,
  names: readonly string[],
  file: string,
): string {
  const theirs = existing === undefined || existing.trim() === '' ? {} : parseObject(existing, file, false);
  const preserved = Object.entries(theirs).filter(([name]) => !names.includes(name) || name in ours);
  const merged: Json = { ...Object.fromEntries(preserved), ...ours };
  if (existing !== undefined && isDeepStrictEqual(theirs, merged)) return existing;
  return `${JSON.stringify(merged, null, 2)}\n`;
}
