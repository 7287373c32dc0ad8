/** Asks before something that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { UserError } from './errors.ts';

/**
 * Asks a question that is answered with y or n; anything but y is no.
 *
 * @param question one line, without the possible answers.
 * @param command the same command with the option that answers yes, for a run without a terminal.
 * @throws UserError without a terminal: there is no one to ask.
 */
export async function confirm(question: string, command: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new UserError('this needs a confirmation, and there is no terminal to ask in', { command });
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
