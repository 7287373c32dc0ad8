/** `./switchyard stack`: creates, lists and removes stacks. */
import type { Command } from 'commander';
import { register as registerLs } from './stack-ls.ts';
import { register as registerNew } from './stack-new.ts';
import { register as registerRm } from './stack-rm.ts';

/** Adds `stack` with its subcommands to the command line. */
export function register(program: Command): void {
  const stack = program
    .command('stack')
    .description('create a stack, list the stacks, remove one that is not deployed');
  registerNew(stack);
  registerLs(stack);
  registerRm(stack);
}
