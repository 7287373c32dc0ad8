import type { Command } from 'commander';
import { withOutput } from './output.ts';

/** Adds `env`. */
export function register(program: Command): void {
  program
    .command('env')
    .argument('[stack]', 'the stack', 'dev')
    .description('prints the exports with which plain `pulumi` works here: eval "$(./switchyard env dev)"')
    .action(withOutput((out, stack: string) => out.result({ stack }, '')));
}
