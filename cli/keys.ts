/** `./switchyard keys`: provider keys from an env file, the age of keys, a new master key. */
import type { Command } from 'commander';
import { register as registerAges } from './keys-ages.ts';
import { register as registerImport } from './keys-import.ts';
import { register as registerRotate } from './keys-rotate.ts';

/** Adds `keys` with its subcommands to the command line. */
export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description('set keys from an env file, see their age, rotate the master key');
  registerImport(keys);
  registerAges(keys);
  registerRotate(keys);
}
