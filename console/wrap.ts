/** Text that fits the width at which it is read. */
import { stripVTControlCharacters } from 'node:util';
import { wordsOf } from './words.ts';

/**
 * The columns of the terminal; without one, the variable COLUMNS. `Infinity` if neither is set: a file or a pipe gets unwrapped lines,
 * which `grep` and `awk` can read.
 *
 * @param stream the stream to be written to.
 */
export function columns(stream: { columns?: number | undefined } = process.stdout): number {
  const known = stream.columns ?? Number(process.env.COLUMNS);
  return Number.isInteger(known) && known > 0 ? known : Infinity;
}

/** The columns that a text occupies in a terminal, without its colour codes. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** The columns of the longest word of a text. */
export function longestWord(text: string): number {
  return text
    .split('\n')
    .flatMap(wordsOf)
    .reduce((most, word) => Math.max(most, widthOf(word)), 0);
}

/** Wraps a text between words into lines of at most `width` columns. A longer word, or a command, gets its own line and is not broken. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (widthOf(line) <= width) return [line];
    const lines: string[] = [];
    for (const word of wordsOf(line)) {
      const last = lines.at(-1);
      if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

/** The label before a text: `set        `, `  allowed: `; or the indentation alone. */
const LABEL = /^\s*(?:\S+(?: \S+)?\s{2,}|(?<=\s)\w+(?: \w+)?: +)?/;

/** What follows such a label is for copying, as a whole. */
const COPIED = /^\s*(?:fix|read it|try it|try|next):?\s/;

/**
 * Wraps the lines of a message that are too long. Continuation lines are indented: below the text that follows a label (`  found:   …`), or
 * by two columns more than the line.
 */
export function wrapMessage(text: string, width = columns()): string {
  const wrapped = text.split('\n').flatMap((line) => {
    if (widthOf(line) <= width) return [line];
    const label = LABEL.exec(line)?.[0] ?? '';
    const rest = line.slice(label.length);
    if (COPIED.test(line)) return copied(label, rest, width);
    if (label.trim() !== '') return beside(label, rest, width);
    const [first = '', ...more] = wrap(rest, width - label.length - 2);
    return [`${label}${first}`, ...more.map((one) => `${label}  ${one}`)];
  });
  return wrapped.join('\n');
}

/** A command for copying, unbroken; its comment follows on lines of its own. */
function copied(label: string, text: string, width: number): string[] {
  const [command = '', comment] = text.split(/\s+#\s+(.*)/s);
  const fits = widthOf(label) + widthOf(command) <= width;
  const indent = ' '.repeat(Math.max(4, label.length - label.trimStart().length + 2));
  return [
    ...(fits ? [label + command] : [label.trimEnd(), `${indent}${command}`]),
    ...(comment === undefined
      ? []
      : wrap(comment, width - indent.length - 2).map((line) => `${indent}# ${line}`)),
  ];
}

/** Puts a text beside its label, wrapped; below it, if it has a word that is too long for that. */
function beside(label: string, text: string, width: number): string[] {
  const fits = widthOf(label) + longestWord(text) <= width;
  const indent = fits ? widthOf(label) : 4;
  const lines = wrap(text, width - indent);
  const [head, rest] = fits ? [`${label}${lines[0]}`, lines.slice(1)] : [label, lines];
  return [head, ...rest.map((line) => ' '.repeat(indent) + line)].map((line) => line.trimEnd());
}

/** Formats commands with what each is for: as a comment behind it, or above it if that does not fit. */
export function commandList(
  rows: readonly (readonly [command: string, purpose: string])[],
  width = columns(),
): string {
  const widest = Math.max(...rows.map(([command]) => widthOf(command)));
  const behind = rows.map(([command, purpose]) => `  ${command.padEnd(widest)}  # ${purpose}`);
  if (behind.every((line) => widthOf(line) <= width)) return behind.join('\n');
  return rows
    .flatMap(([command, purpose]) => [
      ...wrap(purpose, width - 4).map((line) => `  # ${line}`),
      `  ${command}`,
    ])
    .join('\n');
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
    .flatMap(([name, text]) => beside(`  ${name}${' '.repeat(names - widthOf(name))}  `, text, width))
    .join('\n');
}
