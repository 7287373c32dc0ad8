/** The paths of the checkout and of Switchyard's home, and the versions of installed packages. */
import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the checkout: the folder of Pulumi.yaml. */
export const ROOT = resolve(import.meta.dirname, '..');

/** The launcher as the user calls it, for messages. */
export const launcher = './switchyard';

/** The folder for installed tools and passphrases: SWITCHYARD_HOME, by default ~/.switchyard. */
export function home(): string {
  return resolve(process.env.SWITCHYARD_HOME || join(homedir(), '.switchyard'));
}

/**
 * The user's home as Pulumi's engine resolves it, for `file://~` and `~/.pulumi`: that of the account, whatever HOME says. The two differ
 * under `sudo` and in CI. HOME counts only where the user has no account.
 */
export function accountHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** A path below {@link home}. */
export function inHome(...parts: string[]): string {
  return join(home(), ...parts);
}

/** The installed version of an npm package. Engine and plugins are chosen by it, so that they always match the SDKs. */
export function installedVersion(name: string, root = ROOT): string {
  const file = join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
