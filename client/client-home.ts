/** A client of its own for one run: opencode's files in a folder that is gone afterwards. */
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { installedVersion } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import type { ClientFiles } from './client-files.ts';
import { opencodePaths } from './opencode-paths.ts';
import { writeClientFiles } from './write-files.ts';

/** What installs the opencode whose files we write; opencode 2 has other ones. */
export const INSTALL_OPENCODE = `npm install -g opencode-ai@${manifest.optionalDependencies['opencode-linux-x64']}`;

/** An opencode that was found. */
export interface Opencode {
  bin: string;
  /** Where it was found: the user's own, or the checkout's. */
  from: 'PATH' | 'node_modules';
  version: string;
}

/**
 * The opencode to run: the user's own if it is a 1.x, else the one among this checkout's packages; undefined where there is neither.
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
 * What a user types to run opencode: its name where it is on the PATH, else the path of the one among this checkout's packages. Starts
 * nothing.
 */
export async function opencodeCommand(root: string, path = process.env.PATH ?? ''): Promise<string> {
  const folders = path.split(delimiter).filter(Boolean);
  if ((await Promise.all(folders.map((folder) => runs(join(folder, 'opencode'))))).includes(true))
    return 'opencode';
  return (await packagedOpencode(root))?.bin ?? 'opencode';
}

async function packagedOpencode(root: string): Promise<Opencode | undefined> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  for (const suffix of ['', '-baseline', '-musl']) {
    const name = `opencode-${os}-${process.arch}${suffix}`;
    const bin = join(root, 'node_modules', name, 'bin', 'opencode');
    if (await runs(bin)) return { bin, from: 'node_modules', version: installedVersion(name, root) };
  }
  return undefined;
}

function runs(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** As {@link findOpencode}, for commands that cannot do without it. */
export async function requireOpencode(root: string): Promise<Opencode> {
  const found = await findOpencode(root);
  if (found !== undefined) return found;
  throw new UserError('opencode is not installed', {
    allowed: 'opencode 1.x on the PATH, or among the packages of this checkout',
    command: INSTALL_OPENCODE,
  });
}

/** A throwaway home. */
export interface ClientHome {
  /** Its folder. */
  dir: string;
  /** The environment in which opencode knows nothing but the given files. */
  env: NodeJS.ProcessEnv;
  /** Texts that must not get into a log. */
  secrets: string[];
  remove(): Promise<void>;
}

/** Makes a home that only this user can read and writes the client's files into it. */
export async function makeHome(files: ClientFiles): Promise<ClientHome> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-client-'));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const xdg = Object.fromEntries(
      ['CONFIG', 'DATA', 'STATE', 'CACHE'].map((part) => [`XDG_${part}_HOME`, join(dir, part.toLowerCase())]),
    );
    for (const folder of Object.values(xdg)) await mkdir(folder);
    const env: NodeJS.ProcessEnv = {
      // The user's own OPENCODE_… would reach over these files.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPENCODE_'))),
      ...xdg,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      // All packages that our providers need are part of opencode: a fresh folder need not install any.
      npm_config_offline: 'true',
    };
    await writeClientFiles(await opencodePaths(env), files);
    return { dir, env, secrets: Object.values(files.auth).map(({ key }) => key), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
