import { distance } from 'fastest-levenshtein';

/**
 * The entry of `known` that is closest to `word`, if any is close enough: at most one edit per three characters, but at least one.
 * The same letters in another order count as one edit; a difference in case or separators alone counts as none.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_. ]/g, '');
  // A pasted page is not a typo, and comparing it would take quadratic time.
  if (word.length > 100) return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const same = plain(word) === plain(candidate);
    const edits = same
      ? 0
      : swapped(word, candidate)
        ? 1
        : distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return least <= Math.max(1, Math.floor(word.length / 3)) ? best : undefined;
}

/** Whether two words have the same letters in another order, as in `prot` for `port`. */
function swapped(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join('') === [...b].sort().join('');
}

/** `; did you mean "x"?`, or an empty text where nothing is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = suggest(word, known);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** The names as a list for a message: the first twenty, and their number if there are more. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.length > 20 ? `${names.slice(0, 20).join(', ')}, … (${names.length})` : names.join(', ');
}
