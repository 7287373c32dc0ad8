/** A temporary home folder for one run of opencode, with its config files. It is removed afterwards. */
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { installedVersion } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import { isExecutable, isOnPath } from '../console/on-path.ts';
import type { ClientFiles } from './client-files.ts';
import { inheritedEnvironment } from './inherited-environment.ts';
import { opencodePaths } from './opencode-paths.ts';
import { newHome, removeStaleHomes } from './stale-homes.ts';
import { writeClientFiles } from './write-opencode.ts';

/** The command that installs the opencode version whose file format we write; opencode 2 has another format. */
export const INSTALL_OPENCODE = `npm install -g opencode-ai@${manifest.optionalDependencies['opencode-linux-x64']}`;

/** An installed opencode. */
export interface Opencode {
  bin: string;
  /** Where it was found: the user's PATH, or this checkout's packages. */
  from: 'PATH' | 'node_modules';
  version: string;
}

/**
 * The opencode to run: the user's own if it is a 1.x, else the one in this checkout's packages; undefined if there is neither.
 *
 * @param root the checkout.
 */
export async function findOpencode(root: string): Promise<Opencode | undefined> {
  const own = await execa('opencode', ['--version'], { reject: false, timeout: 30_000, stdin: 'ignore' });
  const version = own.exitCode === 0 ? own.stdout.trim() : '';
  if (version.startsWith('1.')) return { bin: 'opencode', from: 'PATH', version };
  return packagedOpencode(root);
}

/**
 * The command with which a user runs opencode: its name if it is on the PATH, else the path in this checkout's packages. Runs nothing.
 */
export async function opencodeCommand(root: string, path = process.env.PATH ?? ''): Promise<string> {
  if (await isOnPath('opencode', path)) return 'opencode';
  return (await packagedOpencode(root))?.bin ?? 'opencode';
}

/**
 * A PATH on which `opencode` is found: the folder of this checkout's opencode is appended if there is none on it.
 *
 * @param root the checkout.
 */
export async function pathWithOpencode(root: string, path: string): Promise<string> {
  if (await isOnPath('opencode', path)) return path;
  const packaged = await packagedOpencode(root);
  return packaged === undefined ? path : [path, dirname(packaged.bin)].filter(Boolean).join(delimiter);
}

async function packagedOpencode(root: string): Promise<Opencode | undefined> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  for (const suffix of ['', '-baseline', '-musl']) {
    const name = `opencode-${os}-${process.arch}${suffix}`;
    const bin = join(root, 'node_modules', name, 'bin', 'opencode');
    if (await isExecutable(bin)) return { bin, from: 'node_modules', version: installedVersion(name, root) };
  }
  return undefined;
}

/**
 * As {@link findOpencode}, for commands that need it.
 *
 * @throws UserError if there is none.
 */
export async function requireOpencode(root: string): Promise<Opencode> {
  const found = await findOpencode(root);
  if (found !== undefined) return found;
  throw new UserError('opencode is not installed', {
    allowed: "opencode 1.x on the PATH, or in this checkout's packages",
    command: INSTALL_OPENCODE,
  });
}

/** A temporary home folder. */
export interface ClientHome {
  /** The folder. */
  dir: string;
  /** The environment with which opencode reads only the given files. */
  env: NodeJS.ProcessEnv;
  /** Texts that must not be logged. */
  secrets: string[];
  remove(): Promise<void>;
}

let swept: Promise<void> | undefined;

/**
 * Creates a home folder that only this user can read, with the client's files in it. First removes those that a killed run left behind.
 *
 * @param variables names of the user's variables that the client inherits beside those that every program needs.
 */
export async function makeHome(files: ClientFiles, variables: readonly string[] = []): Promise<ClientHome> {
  await (swept ??= removeStaleHomes());
  const dir = await newHome();
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const xdg = Object.fromEntries(
      ['CONFIG', 'DATA', 'STATE', 'CACHE'].map((part) => [`XDG_${part}_HOME`, join(dir, part.toLowerCase())]),
    );
    for (const folder of Object.values(xdg)) await mkdir(folder);
    const env: NodeJS.ProcessEnv = {
      // Tools find the user's own credentials in the home folder.
      HOME: dir,
      ...inheritedEnvironment(process.env, variables),
      ...xdg,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      // opencode contains all packages that our providers need, so a new home folder need not install any.
      npm_config_offline: 'true',
    };
    await writeClientFiles(await opencodePaths(env), files);
    return { dir, env, secrets: Object.values(files.auth).map(({ key }) => key), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
