/** Where the client keeps its files, and how they are replaced without a moment in which they are half written. */
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** The files of one opencode installation. */
export interface ClientPaths {
  /** opencode.json, or opencode.jsonc where that is what the user has. */
  config: string;
  /** Further global files that opencode reads beneath `config`: what is set there counts as set. */
  beneath: string[];
  /** The keys, 0600. */
  auth: string;
  /** Portkey's key alone, 0600: a header can only be filled from a whole file. */
  portkeyKey: string;
  /** Which stack the files belong to, and what Switchyard added to their lists, 0600. */
  record: string;
}

/**
 * The files that opencode reads by itself, by the XDG rules it follows on every system.
 *
 * @param env the environment to look into.
 */
export async function opencodePaths(env: NodeJS.ProcessEnv = process.env): Promise<ClientPaths> {
  const home = env.HOME || homedir();
  const config = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'opencode');
  const data = join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'opencode');
  return pathsIn(config, data);
}

/** The files of `connect --dir D`: all of them in that one folder. */
export function pathsBelow(dir: string): Promise<ClientPaths> {
  const folder = resolve(dir);
  return pathsIn(folder, folder);
}

async function pathsIn(config: string, data: string): Promise<ClientPaths> {
  // opencode reads all three, the later over the earlier; the last that exists is the one whose values win.
  const candidates = ['config.json', 'opencode.json', 'opencode.jsonc'].map((name) => join(config, name));
  const present: string[] = [];
  for (const file of candidates) if (await exists(file)) present.push(file);
  const chosen =
    present.findLast((file) => basename(file) !== 'config.json') ?? join(config, 'opencode.json');
  return {
    config: chosen,
    beneath: present.filter((file) => file !== chosen),
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

/** A file's text; undefined where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file in one step. A symbolic link stays one: what it points to is replaced, even if that does not exist yet.
 *
 * @param mode the file's permissions; those of the existing file where not given.
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
 * Keeps a user's file as it is now, beside it and for their eyes only, before something of theirs in it gives way.
 *
 * @returns the copy's path; one that says the same and is there already is enough.
 */
export async function backUp(file: string, text: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const copy = `${file}.before-switchyard${number === 1 ? '' : `-${number}`}`;
    const there = await readIfThere(copy);
    if (there === undefined) await writeFile(copy, text, { mode: 0o600, flag: 'wx', flush: true });
    else if (there !== text) continue;
    await chmod(copy, 0o600);
    return copy;
  }
}
