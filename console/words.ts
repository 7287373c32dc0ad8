/** What must not be broken at the end of a line: words, and the commands in a text. */

/** What announces a command in a text. Without it `pulumi is not installed` would be one. */
const BEFORE = /(?<=^|: |; (?=pulumi|eval)|\(|&& |, then )/;

/** The programs that messages suggest to run. */
const PROGRAM =
  /(?:\.\/switchyard|eval(?= ")|export(?= \w+=)|OPENCODE_\w+=\S*|pulumi (?:config|stack|preview|up|login|state|plugin)|opencode run|docker|chmod|chown|git|curl|ssh|sudo|rm|mv|mkdir|ls|cd|df|kill|npm) /;

/**
 * The rest of a command: to the end of the line, the sentence, the parentheses, or to its comment. No two alternatives match the same
 * text, so that a text which is no command takes no exponential time.
 */
const ARGUMENTS =
  /(?:"[^"]*"|'[^']*'|\$\([^)]*\)|\([^)]*\)|[^\s;()"'$]|\$(?!\()|;(?!\s|$)|\s(?!\s*(?:#|\(|and |or |$)))*(?<=[\w"'…>/.)-])/;

const COMMAND = new RegExp(BEFORE.source + PROGRAM.source + ARGUMENTS.source, 'g');

/** Text in backticks, which is a command or a name. */
const QUOTED = /`[^`\n]+`/g;

/** Stands for a space that must not be broken at. */
const TIED = '\u0000';

/** The words of a line. A command is one word: broken at a line's end it would not run when it is copied. */
export function wordsOf(line: string): string[] {
  const tied = (text: string): string => text.replaceAll(' ', TIED);
  return line
    .replace(COMMAND, tied)
    .replace(QUOTED, tied)
    .split(' ')
    .map((word) => word.replaceAll(TIED, ' '));
}
