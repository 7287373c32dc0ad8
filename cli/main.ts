/**
 * The command line behind `./switchyard`. Each command has its own file that exports `register(program)`; add yours to the list in
 * command-line.ts. Only the file of the called command is loaded, so that commands start quickly.
 */
import { CommanderError } from 'commander';
import { Output } from '../console/output.ts';
import { makeProgram, mistakeOf } from './command-line.ts';

const args = process.argv.slice(2);

// `./switchyard status | head -1` closes the pipe early: that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const program = await makeProgram(args);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const mistake = mistakeOf(error, program, args);
  if (mistake !== undefined) new Output({ json: args.includes('--json') }).failure(mistake);
  process.exitCode = error.exitCode;
}
