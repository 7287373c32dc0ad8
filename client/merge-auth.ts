/** Merges our keys into a user's auth.json. Pure: text in, text out. */
import { isDeepStrictEqual } from 'node:util';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import { type Json, parseObject } from './json-objects.ts';

/**
 * Merges our keys into an existing auth.json: ours are set, ours that have none any more are removed, all others stay.
 *
 * @param names every provider of ours, with a key or without.
 */
export function mergeAuth(
  existing: string | undefined,
  ours: OpencodeAuth,
  names: readonly string[],
  file: string,
): string {
  const theirs = existing === undefined || existing.trim() === '' ? {} : parseObject(existing, file, false);
  const kept = Object.entries(theirs).filter(([name]) => !names.includes(name) || name in ours);
  const wanted: Json = { ...Object.fromEntries(kept), ...ours };
  if (existing !== undefined && isDeepStrictEqual(theirs, wanted)) return existing;
  return `${JSON.stringify(wanted, null, 2)}\n`;
}
