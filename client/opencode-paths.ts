/** The paths of opencode's files, and how they are read and atomically replaced. */
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, readlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readIfExists } from './read-if-exists.ts';

/** The files of one opencode installation. */
export interface ClientPaths {
  /** opencode.json, or opencode.jsonc if the user has that. */
  config: string;
  /** Further global files, which opencode reads before `config`; `config` overrides them. What is set there counts as set. */
  baseLayers: string[];
  /** The keys, mode 0600. */
  auth: string;
  /** Only Portkey's key, mode 0600: opencode can fill a header only with the content of a whole file. */
  portkeyKey: string;
  /** Which stack the files belong to, and what Switchyard added to their lists, mode 0600. */
  record: string;
}

/**
 * The files that opencode reads by default. It follows the XDG rules on every system.
 *
 * @param env the environment with the XDG variables.
 */
export async function opencodePaths(env: NodeJS.ProcessEnv = process.env): Promise<ClientPaths> {
  const home = env.HOME || homedir();
  const config = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'opencode');
  const data = join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'opencode');
  return pathsIn(config, data);
}

/** The files of `connect --dir D`: all in that one folder. */
export function pathsInFolder(dir: string): Promise<ClientPaths> {
  const folder = resolve(dir);
  return pathsIn(folder, folder);
}

async function pathsIn(config: string, data: string): Promise<ClientPaths> {
  // opencode reads all three; a later one overrides the earlier ones, so the values of the last one that exists win.
  const candidates = ['config.json', 'opencode.json', 'opencode.jsonc'].map((name) => join(config, name));
  const present: string[] = [];
  for (const file of candidates) if (await exists(file)) present.push(file);
  const chosen =
    present.findLast((file) => basename(file) !== 'config.json') ?? join(config, 'opencode.json');
  return {
    config: chosen,
    baseLayers: present.filter((file) => file !== chosen),
    auth: join(data, 'auth.json'),
    portkeyKey: join(data, 'switchyard-portkey.key'),
    record: join(data, 'switchyard-client.json'),
  };
}

function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Replaces a file atomically. A symbolic link stays: its target is replaced, or created if it does not exist yet.
 *
 * @param mode the file's permissions; by default those of the existing file.
 */
export async function replaceFile(file: string, text: string, mode?: number): Promise<void> {
  const target = await followLinks(file);
  await mkdir(dirname(target), { recursive: true });
  await writeFileAtomic(target, text, mode === undefined ? {} : { mode });
}

async function followLinks(file: string, depth = 0): Promise<string> {
  const isLink = await lstat(file).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
  if (!isLink || depth > 20) return file;
  return followLinks(resolve(dirname(file), await readlink(file)), depth + 1);
}

/**
 * Copies a user's file, readable only by them, before something of theirs in it is replaced. The copy is in the same folder.
 *
 * @returns the copy's path. An existing copy with the same content is reused.
 */
export async function backUp(file: string, text: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const copy = `${file}.before-switchyard${number === 1 ? '' : `-${number}`}`;
    const existing = await readIfExists(copy);
    if (existing === undefined) await writeFile(copy, text, { mode: 0o600, flag: 'wx', flush: true });
    else if (existing !== text) continue;
    await chmod(copy, 0o600);
    return copy;
  }
}
