import type { Command } from 'commander';
import { withOutput } from './output.ts';

/** Adds `doctor`. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this machine lacks, and the command that brings it')
    .action(withOutput((out) => out.result({ node: process.version }, `node ${process.version}`)));
}
