/**
 * The passphrase that encrypts a stack's secrets: one random file per stack, outside the checkout. Once something is encrypted, a missing
 * file is an error, since a new one could not decrypt it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { UserError } from '../console/errors.ts';
import { readStackYaml } from './stack-file.ts';
import type { Progress } from '../console/output.ts';
import { accountHome, inHome, ROOT } from '../console/home-paths.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

interface StackConfig {
  secretsprovider?: string;
  encryptedkey?: string;
}

function readConfig(file: string): StackConfig {
  if (!existsSync(file)) return {};
  return readStackYaml(readFileSync(file, 'utf8'), file);
}

/** The backend's URL: PULUMI_BACKEND_URL overrides Pulumi.yaml. */
export function backendUrl(): string {
  if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
  const project = parse(readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8')) as { backend?: { url?: string } };
  return project.backend?.url ?? '';
}

/** The backend's folder; undefined if it is not a folder of this machine. */
export function backendFolder(): string | undefined {
  const url = backendUrl();
  if (!url.startsWith('file://')) return undefined;
  // Pulumi runs in the checkout: a relative path is relative to it.
  return resolve(ROOT, url.slice('file://'.length).split('?')[0]!.replace(/^~/, accountHome()));
}

/** The path of the passphrase file that Switchyard creates for a stack. */
export function passphrasePath(stack: string): string {
  return inHome('passphrase', stack);
}

/**
 * The passphrase file that the user has set. A file that Switchyard created is ignored: `eval "$(./switchyard env dev)"` leaves its path in
 * the shell, and it must not be used for another stack.
 */
function userFile(): string | undefined {
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return file && dirname(resolve(file)) !== inHome('passphrase') ? file : undefined;
}

/** The user's own passphrase setting, or a secrets provider that needs no passphrase. With either, Switchyard creates none. */
export function userPassphrase(stack: string, folder = ROOT): string | undefined {
  if (userFile()) return 'PULUMI_CONFIG_PASSPHRASE_FILE';
  if (process.env.PULUMI_CONFIG_PASSPHRASE !== undefined) return 'PULUMI_CONFIG_PASSPHRASE';
  const { secretsprovider, encryptedkey } = readConfig(join(folder, stackFileName(stack)));
  if ((secretsprovider && secretsprovider !== 'passphrase') || encryptedkey)
    return `secretsprovider in ${stackFileName(stack)}`;
  return undefined;
}

/**
 * The passphrase file of `stack`; undefined if the user has set their own. If nothing is encrypted yet, it is created and reported.
 *
 * @param findSalt looks for a salt in use, in settings and state, and for another stack's file that fits it: called only if there is no
 *   passphrase.
 * @throws UserError if something is encrypted already and the file is missing.
 */
export async function passphraseFile(
  stack: string,
  progress: Progress,
  findSalt: () => Promise<{ where: string; fits?: string | undefined } | undefined>,
  folder = ROOT,
): Promise<string | undefined> {
  if (userPassphrase(stack, folder)) return undefined;
  const file = passphrasePath(stack);
  if (existsSync(file)) {
    if (readFileSync(file, 'utf8').trim() !== '') return file;
    throw new UserError('the passphrase file is empty', {
      where: file,
      command: `restore ${file} from your backup`,
    });
  }
  const encrypted = await findSalt();
  if (encrypted)
    throw new UserError(
      `the passphrase file of stack ${stack} is missing, and secrets are encrypted with it`,
      {
        where: file,
        found: `a salt in ${encrypted.where}${encrypted.fits === undefined ? '' : `, to which ${encrypted.fits} belongs: the stack was renamed`}`,
        allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
        command: `install -m 600 -D ${encrypted.fits ?? '<your backup>'} ${file}`,
      },
    );
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // 'wx' fails if the file exists: of two concurrent runs one creates it, and the other uses it.
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    progress(
      `created the passphrase of stack ${stack}: back up ${file}; without it the stack's secrets cannot be read`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return file;
}

/**
 * The passphrase in use: the environment variables that pass it to Pulumi, and its location for messages. Undefined if there is none yet.
 */
export function passphraseInUse(
  stack: string,
): { where: string; variables: Record<string, string> } | undefined {
  const own = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (own !== undefined)
    return {
      where: 'environment variable PULUMI_CONFIG_PASSPHRASE',
      variables: { PULUMI_CONFIG_PASSPHRASE: own },
    };
  const file = userFile() ?? passphrasePath(stack);
  return existsSync(file) ? { where: file, variables: { PULUMI_CONFIG_PASSPHRASE_FILE: file } } : undefined;
}
