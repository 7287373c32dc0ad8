/** `./switchyard keys`: provider keys, virtual keys for people and agents, and the master key. */
import type { Command } from 'commander';
import { register as registerAdd } from './keys-add.ts';
import { register as registerAges } from './keys-ages.ts';
import { register as registerImport } from './keys-import.ts';
import { register as registerList } from './keys-list.ts';
import { register as registerRevoke } from './keys-revoke.ts';
import { register as registerRotate } from './keys-rotate.ts';

/** Adds `keys` with its subcommands to the command line. */
export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description(
      "import providers' keys and list their ages; virtual keys for people and agents; rotate the master key",
    );
  registerImport(keys);
  registerAges(keys);
  registerRotate(keys);
  registerAdd(keys);
  registerList(keys);
  registerRevoke(keys);
}
