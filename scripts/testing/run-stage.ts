/** Runs one program of a stage. */
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

/** How to run it. */
export interface RunOptions {
  /** What differs from this process's environment. */
  env?: Record<string, string>;
  /** Another stage runs meanwhile: keep what this one says until it has ended, and let the other one's programs go first. */
  beside?: boolean;
}

/** Runs a program in the checkout; what it says goes to standard error, since standard output is for the result. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<number> {
  const { env = {}, beside = false } = options;
  const base = { cwd: ROOT, env, reject: false } as const;
  if (!beside) {
    const result = await execa(command, args, { ...base, stdio: ['ignore', 2, 2] });
    return result.exitCode ?? 1;
  }
  const result = await execa('nice', ['-n', '5', command, ...args], { ...base, stdin: 'ignore', all: true });
  if (result.all !== '') process.stderr.write(`${result.all}\n`);
  return result.exitCode ?? 1;
}
