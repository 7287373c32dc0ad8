/** The FinOps Foundation's validator of FOCUS. Installed once for its lock files, each package checked against its hash. */
import { join } from 'node:path';
import { execa } from 'execa';
import { type Installed, installed } from './real-clients.ts';

const LOCKS = join(import.meta.dirname, 'focus');
/** The newest version of FOCUS whose rules are in the package. Later releases of the validator are in no registry. */
const RULES = '1.0';

/** Its Python, installed if it is not yet, or why there is none. */
export async function focusValidator(): Promise<Installed> {
  try {
    const locks = ['wheels.txt', 'sources.txt'].map((name) => join(LOCKS, name));
    const folder = await installed('focus-validator', locks, install);
    return { bin: join(folder, 'venv/bin/python') };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      missing: `the validator of FOCUS cannot be installed: ${message.split('\n').slice(0, 3).join(' ')}`,
    };
  }
}

async function install(folder: string): Promise<void> {
  await execa('python3', ['-m', 'venv', join(folder, 'venv')]);
  const pip = async (lock: string, ...options: string[]): Promise<void> => {
    const all = ['--quiet', '--no-deps', '--require-hashes', ...options, '-r', join(LOCKS, lock)];
    await execa(join(folder, 'venv/bin/python'), ['-m', 'pip', 'install', ...all]);
  };
  await pip('wheels.txt', '--only-binary', ':all:');
  await pip('sources.txt', '--no-build-isolation');
}

/**
 * The names of the rules that a CSV file breaks, in alphabetical order.
 *
 * @throws Error if the validator says something else than rules.
 */
export async function brokenFocusRules(python: string, csvFile: string): Promise<string[]> {
  const where = ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'];
  // It looks for its list of currencies from the folder in which it is started.
  const cwd = (await execa(python, where)).stdout;
  const program = ['-m', 'focus_validator.main', '--data-file', csvFile, '--validate-version', RULES];
  const { stdout, stderr } = await execa(python, program, { cwd, reject: false });
  if (!/^Validation (failed!|succeeded\.)$/m.test(stdout)) throw new Error(`${stdout}\n${stderr}`);
  return [...stdout.matchAll(/^(\w+) failed:$/gm)].map(([, rule]) => rule!).sort();
}
