/** Tables on a terminal and elsewhere. */
import Table from 'cli-table3';
import pc from 'picocolors';

/**
 * Rows under headings: with a heading in bold in a terminal, as columns padded with spaces elsewhere, so that `grep`, `awk` and a
 * log can read them.
 */
export function table(head: string[], rows: string[][], terminal = process.stdout.isTTY === true): string {
  const bare = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' }; // prettier-ignore
  const made = new Table({
    head: terminal ? head.map((text) => pc.bold(text)) : head,
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
