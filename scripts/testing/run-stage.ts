/** Runs one program of a stage. */
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

/** Options of {@link run}. */
export interface RunOptions {
  /** Variables that are added to this process's environment. */
  env?: Record<string, string>;
  /** Whether another stage runs meanwhile: then this one has lower priority, and its output is printed after it has ended. */
  inBackground?: boolean;
}

/** Runs a program in the checkout. Its output goes to standard error, since standard output is for the result. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<number> {
  const { env = {}, inBackground = false } = options;
  const base = { cwd: ROOT, env, reject: false } as const;
  if (!inBackground) {
    const result = await execa(command, args, { ...base, stdio: ['ignore', 2, 2] });
    return result.exitCode ?? 1;
  }
  const result = await execa('nice', ['-n', '5', command, ...args], { ...base, stdin: 'ignore', all: true });
  if (result.all !== '') process.stderr.write(`${result.all}\n`);
  return result.exitCode ?? 1;
}
