/** Takes keys that were just set out of a stack's settings again. Pure. */
import { isMap, parseDocument } from 'yaml';
import { fullName } from '../domain/schema/stack-file-names.ts';

/**
 * The settings as they are now, with some keys as they were before. What anyone else has changed meanwhile stays.
 *
 * @param now the text of `Pulumi.<stack>.yaml`.
 * @param before the text as it was; empty where there was no file.
 * @param ours the text as the last of our own changes left it.
 * @param names the keys, without the project's name.
 */
export function withKeysAsBefore(
  now: string,
  before: string,
  ours: string,
  names: readonly string[],
): string {
  // Nobody else was there: every comment and blank line comes back as well.
  if (now === ours) return before;
  const [document, old] = [parseDocument(now), parseDocument(before)];
  for (const path of names.flatMap(placesOf)) {
    const was = isMap(old.contents) ? old.getIn(path, true) : undefined;
    if (was !== undefined) document.setIn(path, was);
    else if (isMap(document.contents)) document.deleteIn(path);
  }
  return document.toString();
}

/** Where a key may stand. Pulumi takes a name without a project for one of its own project. */
function placesOf(name: string): string[][] {
  return [
    ['config', fullName(name)],
    ['config', name],
  ];
}
