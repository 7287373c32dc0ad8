/** Restores the keys in a stack's settings after a failed import. Pure. */
import { isMap, parseDocument } from 'yaml';
import { fullName } from '../domain/schema/stack-file-names.ts';

/**
 * The current settings with some keys restored to their previous values. Other changes made meanwhile are kept.
 *
 * @param now the text of `Pulumi.<stack>.yaml`.
 * @param before the text before the import; empty if there was no file.
 * @param ours the text after the last of our own changes.
 * @param names the keys, without the project's name.
 */
export function withKeysAsBefore(
  now: string,
  before: string,
  ours: string,
  names: readonly string[],
): string {
  // No other process has changed it: restore the whole text, with every comment and blank line.
  if (now === ours) return before;
  const [document, old] = [parseDocument(now), parseDocument(before)];
  for (const path of names.flatMap(pathsOf)) {
    const was = isMap(old.contents) ? old.getIn(path, true) : undefined;
    if (was !== undefined) document.setIn(path, was);
    else if (isMap(document.contents)) document.deleteIn(path);
  }
  return document.toString();
}

/** The paths at which a key may be. Pulumi treats a name without a namespace as the project's own. */
function pathsOf(name: string): string[][] {
  return [
    ['config', fullName(name)],
    ['config', name],
  ];
}
