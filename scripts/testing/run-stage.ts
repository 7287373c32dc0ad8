/** Runs one program of a stage. */
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

/** How to run it. */
export interface RunOptions {
  /** What differs from this process's environment. */
  env?: Record<string, string>;
  /** Keep what it says until it has ended: another stage is talking meanwhile. */
  quiet?: boolean;
}

/** Runs a program in the checkout; what it says goes to standard error, since standard output is for the result. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<number> {
  const { env = {}, quiet = false } = options;
  const base = { cwd: ROOT, env, reject: false } as const;
  if (!quiet) {
    const result = await execa(command, args, { ...base, stdio: ['ignore', 2, 2] });
    return result.exitCode ?? 1;
  }
  const result = await execa(command, args, { ...base, stdin: 'ignore', all: true });
  if (result.all !== '') process.stderr.write(`${result.all}\n`);
  return result.exitCode ?? 1;
}
