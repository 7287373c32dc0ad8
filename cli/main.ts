/**
 * The command line behind `./switchyard`. Each command has a file of its own that exports `register(program)`; add yours to the list in
 * command-line.ts. Only the file of the command that is called is loaded, so that each starts quickly.
 */
import { CommanderError } from 'commander';
import { Output } from '../console/output.ts';
import { makeProgram, mistakeOf } from './command-line.ts';

const args = process.argv.slice(2);

// `./switchyard status | head -1` closes the pipe early: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await (await makeProgram(args)).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const mistake = mistakeOf(error, args);
  if (mistake !== undefined) new Output({ json: args.includes('--json') }).failure(mistake);
  process.exitCode = error.exitCode;
}
