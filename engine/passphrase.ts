/**
 * The passphrase with which a stack's secrets are encrypted: one random file per stack, never in the checkout, never made anew where
 * something is encrypted already.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { UserError } from '../console/errors.ts';
import { readStackYaml } from './stack-file.ts';
import type { Progress } from '../console/output.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

interface StackConfig {
  secretsprovider?: string;
  encryptedkey?: string;
}

function readConfig(file: string): StackConfig {
  if (!existsSync(file)) return {};
  return readStackYaml(readFileSync(file, 'utf8'), file);
}

/** The backend: PULUMI_BACKEND_URL wins over Pulumi.yaml. */
export function backendUrl(): string {
  if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
  const project = parse(readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8')) as { backend?: { url?: string } };
  return project.backend?.url ?? '';
}

/** The backend's folder; undefined where it is not one of this machine. */
export function backendFolder(): string | undefined {
  const url = backendUrl();
  if (!url.startsWith('file://')) return undefined;
  return url.slice('file://'.length).split('?')[0]!.replace(/^~/, homedir());
}

/** Where the passphrase of a stack lies when it is ours. */
export function passphrasePath(stack: string): string {
  return inHome('passphrase', stack);
}

/**
 * The passphrase file that the user has named; not one of ours, which `eval "$(./switchyard env dev)"` leaves in the shell and which
 * must not serve another stack.
 */
function ownFile(): string | undefined {
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return file && dirname(resolve(file)) !== inHome('passphrase') ? file : undefined;
}

/** What the user has set by himself, or what makes a passphrase needless: then none of ours is made. */
export function ownArrangement(stack: string, folder = ROOT): string | undefined {
  if (ownFile()) return 'PULUMI_CONFIG_PASSPHRASE_FILE';
  if (process.env.PULUMI_CONFIG_PASSPHRASE !== undefined) return 'PULUMI_CONFIG_PASSPHRASE';
  const { secretsprovider, encryptedkey } = readConfig(join(folder, stackFileName(stack)));
  if ((secretsprovider && secretsprovider !== 'passphrase') || encryptedkey)
    return `secretsprovider in ${stackFileName(stack)}`;
  return undefined;
}

/**
 * The passphrase file of `stack`; undefined where the user has an arrangement of his own. Made where nothing is encrypted yet, and
 * then said so.
 *
 * @param findSalt looks for a salt in use, wherever it may be: asked only where there is no passphrase.
 * @throws UserError if something is encrypted already and the file is gone.
 */
export async function passphraseFile(
  stack: string,
  progress: Progress,
  findSalt: () => Promise<{ where: string } | undefined>,
  folder = ROOT,
): Promise<string | undefined> {
  if (ownArrangement(stack, folder)) return undefined;
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
      `the passphrase of stack ${stack} is lost: something is encrypted with it, and its file is missing`,
      {
        where: file,
        found: `a salt in ${encrypted.where}`,
        allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
        command: `install -m 600 -D <your backup> ${file}`,
      },
    );
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // 'wx': of two runs at once only one makes it, the other takes that one.
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    progress(
      `made the passphrase of stack ${stack}: back up ${file}; without it the stack's secrets cannot be read`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return file;
}

/**
 * The passphrase in use: the environment variables with which Pulumi finds it, and where it stands, for messages. Undefined where there
 * is none yet.
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
  const file = ownFile() ?? passphrasePath(stack);
  return existsSync(file) ? { where: file, variables: { PULUMI_CONFIG_PASSPHRASE_FILE: file } } : undefined;
}
