/**
 * The help of every command as one text, in cli/help.txt. The launcher prints from it while the npm packages are not installed.
 *
 *     node cli/help-text.ts      writes the file (part of `npm run generate`)
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { makeProgram } from './command-line.ts';

/** The file, relative to the checkout's root. */
export const HELP_FILE = 'cli/help.txt';

/** The launcher prints the text as it is, so it fits narrow terminals: the launcher cannot wrap two columns. */
const WIDTH = 60;

/** The help of every command, each below a line `=== <the command>`. */
export async function helpText(): Promise<string> {
  return sections(await makeProgram([]), '');
}

function sections(command: Command, above: string): string {
  const name = `${above}${command.name()}`;
  const own = command.configureOutput({ getOutHelpWidth: () => WIDTH }).helpInformation();
  return [`=== ${name}\n${own}`, ...command.commands.map((one) => sections(one, `${name} `))].join('');
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '..', HELP_FILE), await helpText());
