/** `./switchyard keys`: imports provider keys, lists key ages, rotates the master key. */
import type { Command } from 'commander';
import { register as registerAges } from './keys-ages.ts';
import { register as registerImport } from './keys-import.ts';
import { register as registerRotate } from './keys-rotate.ts';

/** Adds `keys` with its subcommands to the command line. */
export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description('import keys from an env file, list their ages, rotate the master key');
  registerImport(keys);
  registerAges(keys);
  registerRotate(keys);
}
