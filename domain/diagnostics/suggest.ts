import { distance } from 'fastest-levenshtein';

/**
 * The one of `known` that was most likely meant, if any is near: an edit for every three characters, at least one; letters in
 * another order, and a difference of case or separators alone, always count as near.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_. ]/g, '');
  // A pasted page is no typo, and comparing it takes quadratic time.
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

/** ` did you mean "x"?` with a leading separator, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = suggest(word, known);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** The names for a message: all if they are few, else the first twenty. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.length > 20 ? `${names.slice(0, 20).join(', ')}, … (${names.length})` : names.join(', ');
}
