/** Text that fits the width at which it is read. */
import { stripVTControlCharacters } from 'node:util';

/**
 * The columns of the terminal; without one, the variable COLUMNS. `Infinity` if neither is set: a file or a pipe gets unwrapped lines,
 * which `grep` and `awk` can read.
 */
export function columns(): number {
  const known = process.stdout.columns ?? Number(process.env.COLUMNS);
  return Number.isInteger(known) && known > 0 ? known : Infinity;
}

/** The columns that a text occupies in a terminal, without its colour codes. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Wraps a text between words into lines of at most `width` columns. A longer word gets its own line and is not broken. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (widthOf(line) <= width) return [line];
    const lines: string[] = [];
    for (const word of line.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

/**
 * Formats names with texts, indented by two columns, the texts aligned in a column. A text that does not fit is wrapped in that column; a
 * text with a word that is too long for it begins on its own line.
 */
export function nameList(
  rows: readonly (readonly [name: string, text: string])[],
  width = columns(),
): string {
  const names = Math.max(0, ...rows.map(([name]) => widthOf(name)));
  return rows
    .flatMap(([name, text]) => {
      const first = `  ${name}${' '.repeat(names - widthOf(name))}  `;
      const beside = Math.max(...text.split(/\s/).map(widthOf)) + widthOf(first) <= width;
      const indent = beside ? widthOf(first) : 4;
      const lines = wrap(text, width - indent);
      const [head, rest] = beside ? [first + lines[0], lines.slice(1)] : [first, lines];
      return [head, ...rest.map((line) => ' '.repeat(indent) + line)].map((line) => line.trimEnd());
    })
    .join('\n');
}
