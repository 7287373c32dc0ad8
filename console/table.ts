/** Tables for terminals, files and pipes. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { columns, longestWord, nameList, widthOf, wrap } from './wrap.ts';

/** Columns between two cells. */
const GAP = 2;

/**
 * Formats rows under headings, as columns padded with spaces. If they do not fit the width, cells are wrapped between words; if that is
 * not enough, each row becomes a list: the first cell above, the others below it with their headings.
 *
 * @param terminal whether the output is a terminal: headings are bold then.
 * @param width the available columns.
 */
export function table(
  head: string[],
  rows: string[][],
  terminal = process.stdout.isTTY === true,
  width = columns(),
): string {
  const bold = (text: string): string => (terminal ? pc.bold(text) : text);
  const widths = fitted([head, ...rows], width);
  if (widths === undefined) return records(head, rows, width, bold);
  const bare = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' '.repeat(GAP) }; // prettier-ignore
  const made = new Table({
    head: head.map(bold),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => row.map((cell, column) => wrap(cell, widths[column] ?? width).join('\n'))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Whether the rows fit the width as columns, if need be with cells wrapped between words. */
export function fitsAsTable(head: readonly string[], rows: readonly string[][], width = columns()): boolean {
  return fitted([head, ...rows], width) !== undefined;
}

/** The width of each column so that all fit; undefined if they do not fit even when wrapped between words. */
function fitted(rows: readonly (readonly string[])[], width: number): number[] | undefined {
  const count = Math.max(...rows.map((row) => row.length));
  const widest = (measure: (cell: string) => number): number[] =>
    Array.from({ length: count }, (_, column) => Math.max(...rows.map((row) => measure(row[column] ?? ''))));
  const widths = widest((cell) => Math.max(...cell.split('\n').map(widthOf)));
  const least = widest(longestWord);
  let over = widths.reduce((sum, one) => sum + one, GAP * (count - 1)) - width;
  while (over > 0) {
    // Narrow the widest column by one at a time, so that wide columns end up equally wide.
    const slack = widths.map((one, column) => (one > least[column]! ? one : 0));
    const column = slack.indexOf(Math.max(...slack));
    if (slack[column] === 0) return undefined;
    widths[column]! -= 1;
    over -= 1;
  }
  return widths;
}

/** Formats each row as a list. Empty cells are left out. */
function records(head: string[], rows: string[][], width: number, bold: (text: string) => string): string {
  return rows
    .map(([first = '', ...cells]) => {
      const filled = cells.flatMap((cell, index): [string, string][] =>
        cell === '' || cell === '-' ? [] : [[head[index + 1] ?? '', cell]],
      );
      return filled.length === 0 ? bold(first) : `${bold(first)}\n${nameList(filled, width)}`;
    })
    .join('\n');
}
