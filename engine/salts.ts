/** Reads the salts of a stack's passphrase and checks a passphrase against one. Pulumi does the check, since the format is private to it. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { backendFolder } from './passphrase.ts';
import { isStackMissing } from './pulumi-failure.ts';
import { readStackYaml } from './stack-file.ts';

/** A salt in use. */
export interface Salt {
  /** The file or state that contains it, for messages. */
  where: string;
  salt: string;
}

/** The settings file of a stack. */
export const settingsFile = (stack: string, folder = ROOT): string => join(folder, stackFileName(stack));

/** The salt in a stack's settings file, if there is one. */
export async function saltInSettings(stack: string, folder = ROOT): Promise<Salt | undefined> {
  const file = settingsFile(stack, folder);
  if (!existsSync(file)) return undefined;
  const { encryptionsalt } = readStackYaml(await readFile(file, 'utf8'), file) as { encryptionsalt?: string };
  return encryptionsalt ? { where: file, salt: encryptionsalt } : undefined;
}

/**
 * The salt in a stack's state, in any backend. Decrypts and creates nothing.
 *
 * @param env an environment with `pulumi` on PATH.
 * @throws UserError if the backend cannot be queried.
 */
export async function saltInState(stack: string, env: NodeJS.ProcessEnv): Promise<Salt | undefined> {
  const folder = backendFolder();
  // Pulumi would write its first file into a folder without stacks on any query.
  if (folder !== undefined && !existsSync(join(folder, '.pulumi', 'stacks'))) return undefined;
  const args = ['stack', 'export', '--stack', stack, '--non-interactive'];
  const { exitCode, stdout, stderr } = await execa('pulumi', args, { cwd: ROOT, env, reject: false, stdin: 'ignore' }); // prettier-ignore
  if (exitCode !== 0) {
    if (isStackMissing({ exitCode: exitCode ?? 1, stdout, stderr })) return undefined;
    throw new UserError(`the backend could not be queried for the secrets of stack ${stack}`, {
      found: stderr.replace(/^error: /, '').trim(),
      command: `pulumi stack ls`,
    });
  }
  const { deployment } = JSON.parse(stdout) as Exported;
  const salt = deployment?.secrets_providers?.state?.salt;
  return salt ? { where: `the state of stack ${stack}`, salt } : undefined;
}

/** The fields of `pulumi stack export` that are used here. */
interface Exported {
  deployment?: { secrets_providers?: { state?: { salt?: string } } } | null;
}

/**
 * Whether a passphrase belongs to `salt`. Pulumi checks it by creating a stack with both, in a backend in a temporary folder: the user's
 * stacks are not touched. Takes half a second.
 *
 * @param env an environment with `pulumi` on PATH and the passphrase in question.
 */
export async function passphraseFits(salt: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-salt-'));
  try {
    const backend = join(folder, 'backend');
    await mkdir(backend);
    await writeFile(join(folder, 'Pulumi.yaml'), 'name: probe\nruntime: nodejs\n');
    await writeFile(join(folder, 'Pulumi.probe.yaml'), `encryptionsalt: ${JSON.stringify(salt)}\n`);
    const { exitCode, stderr } = await execa('pulumi', ['stack', 'init', 'probe', '--no-select', '--non-interactive'], {
      cwd: folder,
      env: { ...env, PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_HOME: join(folder, 'home') },
      reject: false,
      stdin: 'ignore',
    }); // prettier-ignore
    if (exitCode === 0) return true;
    if (/incorrect passphrase/.test(stderr)) return false;
    throw new UserError('Pulumi could not check the passphrase', { found: stderr.trim() });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The passphrase file of another stack that belongs to `salt`: that stack was renamed before anything was deployed, or in a remote backend.
 *
 * @param env an environment with `pulumi` on PATH.
 */
export async function fittingPassphrase(salt: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = inHome('passphrase');
  // Each check takes half a second.
  const files = existsSync(folder) ? (await readdir(folder)).slice(0, 20) : [];
  for (const file of files.map((name) => join(folder, name))) {
    const variables = { PULUMI_CONFIG_PASSPHRASE_FILE: file };
    if (await passphraseFits(salt, { ...env, ...variables }).catch(() => false)) return file;
  }
  return undefined;
}
