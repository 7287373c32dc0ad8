/** Where things live: the checkout, Switchyard's home, and the versions of what is installed. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout: the folder of Pulumi.yaml. */
export const ROOT = resolve(import.meta.dirname, '..');

/** The launcher as the user calls it, for messages. */
export const launcher = './switchyard';

/** The folder for what is brought and for passphrases: SWITCHYARD_HOME, else ~/.switchyard. */
export function home(): string {
  return resolve(process.env.SWITCHYARD_HOME || join(homedir(), '.switchyard'));
}

/** A path below {@link home}. */
export function inHome(...parts: string[]): string {
  return join(home(), ...parts);
}

/** The version of an npm package as it is installed, so that engine and plugins always match the SDKs. */
export function installedVersion(name: string, root = ROOT): string {
  const file = join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
