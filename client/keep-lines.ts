/** Keeps the lines of a text that another program wrote again with its own spacing. Pure. */

/** Longer texts are not compared: it takes the product of their lines. */
const MOST_LINES = 2000;

/**
 * The new text, where each line that differs from one of the old text in white space alone has the old one's, and the old one's blank lines
 * between such lines are there again.
 *
 * @param old the text before. @param next the same text with changes.
 */
export function keepLines(old: string, next: string): string {
  const [before, after] = [old.split('\n'), next.split('\n')];
  if (Math.max(before.length, after.length) > MOST_LINES) return next;
  const keys = [before, after].map((lines) => lines.map((line) => line.replace(/\s+/g, '')));
  const [was, is] = keys as [string[], string[]];
  // The longest common subsequence, from the end: how many lines two rests have in common.
  const common = Array.from({ length: was.length + 1 }, () => new Uint16Array(is.length + 1));
  for (let i = was.length - 1; i >= 0; i -= 1)
    for (let j = is.length - 1; j >= 0; j -= 1)
      common[i]![j] =
        was[i] === is[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const end = old.includes('\r\n') ? '\r' : '';
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < was.length || j < is.length)
    if (i < was.length && j < is.length && was[i] === is[j]) {
      lines.push(before[i]!);
      i += 1;
      j += 1;
    } else if (j >= is.length || (i < was.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      if (was[i] === '') lines.push(before[i]!);
      i += 1;
    } else {
      // The text after the last line break is no line.
      lines.push(j === is.length - 1 ? after[j]! : after[j]! + end);
      j += 1;
    }
  return lines.join('\n');
}
