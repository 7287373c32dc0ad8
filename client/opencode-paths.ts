/** The paths of opencode's files. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { actingUser } from './acting-user.ts';

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
  /** Which stack the files belong to, and what Switchyard wrote into them, mode 0600. */
  record: string;
}

/**
 * The files that opencode reads by default. It follows the XDG rules on every system. Under sudo they are those of its caller.
 *
 * @param env the environment with the XDG variables.
 */
export async function opencodePaths(env: NodeJS.ProcessEnv = process.env): Promise<ClientPaths> {
  const { home } = await actingUser(env);
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
