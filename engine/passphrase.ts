/**
 * The passphrase with which a stack's secrets are encrypted: one random file per stack, never in the checkout, never made anew where
 * something is encrypted already.
 */
import { createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
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
  encryptionsalt?: string;
  secretsprovider?: string;
  encryptedkey?: string;
}

const configFile = (stack: string, folder: string) => join(folder, stackFileName(stack));

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

/** The salt in the stack's state, if the state lies in a folder of this machine. */
function saltInState(stack: string): { file: string; salt: string } | undefined {
  const folder = backendFolder();
  if (folder === undefined) return undefined;
  const file = join(folder, '.pulumi', 'stacks', 'switchyard', `${stack}.json`);
  if (!existsSync(file)) return undefined;
  const state = readFileSync(file, 'utf8');
  const salt =
    /"secrets_providers":\s*\{\s*"type":\s*"passphrase",\s*"state":\s*\{\s*"salt":\s*"([^"]+)"/.exec(
      state,
    )?.[1];
  return salt ? { file, salt } : undefined;
}

/** Where the passphrase of a stack lies when it is ours. */
export function passphrasePath(stack: string): string {
  return inHome('passphrase', stack);
}

/** Whether `passphrase` is the one behind `salt`: the salt holds a known word encrypted with it, as Pulumi's own check does. */
export function fits(passphrase: string, salt: string): boolean {
  const [version, saltPart, ...rest] = salt.split(':');
  const [rest0, nonce, sealed] = rest;
  if (version !== 'v1' || rest0 !== 'v1' || !saltPart || !nonce || !sealed) return false;
  const key = pbkdf2Sync(passphrase, Buffer.from(saltPart, 'base64'), 1_000_000, 32, 'sha256');
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString() === 'pulumi';
  } catch {
    return false;
  }
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
  const { secretsprovider, encryptedkey } = readConfig(configFile(stack, folder));
  if ((secretsprovider && secretsprovider !== 'passphrase') || encryptedkey)
    return `secretsprovider in ${stackFileName(stack)}`;
  return undefined;
}

/** The salts in use for a stack, with the files that hold them. */
export function saltsOf(stack: string, folder = ROOT): { file: string; salt: string }[] {
  const { encryptionsalt } = readConfig(configFile(stack, folder));
  const inState = saltInState(stack);
  return [
    ...(encryptionsalt ? [{ file: configFile(stack, folder), salt: encryptionsalt }] : []),
    ...(inState ? [inState] : []),
  ];
}

/**
 * The passphrase file of `stack`; undefined where the user has an arrangement of his own. Made where nothing is encrypted yet, and
 * then said so.
 *
 * @throws UserError if something is encrypted already and the file is gone.
 */
export function passphraseFile(stack: string, progress: Progress, folder = ROOT): string | undefined {
  if (ownArrangement(stack, folder)) return undefined;
  const file = passphrasePath(stack);
  if (existsSync(file)) {
    if (readFileSync(file, 'utf8').trim() !== '') return file;
    throw new UserError('the passphrase file is empty', {
      where: file,
      command: `restore ${file} from your backup`,
    });
  }
  const encrypted = saltsOf(stack, folder)[0];
  if (encrypted)
    throw new UserError(
      `the passphrase of stack ${stack} is lost: something is encrypted with it, and its file is missing`,
      {
        where: file,
        found: `a salt in ${encrypted.file}`,
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

/** Ends with a sentence if the passphrase in use is not the one that the stack's secrets were encrypted with. Takes half a second. */
export function verifyPassphrase(stack: string, folder = ROOT): void {
  const file = ownFile() ?? passphrasePath(stack);
  const fromFile = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  const passphrase = process.env.PULUMI_CONFIG_PASSPHRASE ?? fromFile;
  if (passphrase === undefined || passphrase === '') return;
  const wrong = saltsOf(stack, folder).find(({ salt }) => !fits(passphrase, salt));
  if (!wrong) return;
  throw new UserError(`the passphrase of stack ${stack} is not the one its secrets were encrypted with`, {
    where:
      process.env.PULUMI_CONFIG_PASSPHRASE === undefined
        ? file
        : 'environment variable PULUMI_CONFIG_PASSPHRASE',
    found: `it does not open ${wrong.file}`,
    allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
  });
}
