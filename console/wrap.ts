/** Text that fits the width at which it is read. */
import { stripVTControlCharacters } from 'node:util';

/**
 * The columns of the reader's terminal; without one, those of the variable COLUMNS. `Infinity` where nobody says: a file or a pipe gets
 * whole lines, which `grep` and `awk` can read.
 */
export function columns(): number {
  const told = process.stdout.columns ?? Number(process.env.COLUMNS);
  return Number.isInteger(told) && told > 0 ? told : Infinity;
}

/** The columns that a text takes in a terminal: colours take none. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A text in lines of at most `width` columns, broken between words. A longer word has a line of its own and stays whole. */
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
 * Lines of a name and a text, indented by two columns, with the texts below one another. What does not fit continues below the text; a
 * text with a word that does not fit beside the names begins on a line of its own.
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
