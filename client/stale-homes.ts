/** The temporary home folders of clients: their names, and the removal of those that a killed run left behind, with the keys in them. */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../console/is-alive.ts';

const PREFIX = 'switchyard-client-';
/** Homes of earlier releases have no process id in their names. None of them is in use for longer: it is the longest timeout of an agent. */
const LONGEST_RUN_MS = 86_400_000;

/** Creates a new home folder that only this user can read. Its name has the id of this process. */
export function newHome(parent = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
}

/**
 * Removes this user's home folders whose process has ended.
 *
 * @param now milliseconds since 1970.
 */
export async function removeStaleHomes(parent = tmpdir(), now = Date.now()): Promise<void> {
  for (const name of await readdir(parent).catch((): string[] => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(parent, name);
    const stats = await lstat(folder).catch(() => undefined);
    if (stats === undefined || !stats.isDirectory() || stats.uid !== process.getuid?.()) continue;
    const [, pid] = /^(\d+)-/.exec(name.slice(PREFIX.length)) ?? [];
    const isStale = pid === undefined ? now - stats.mtimeMs > LONGEST_RUN_MS : !isAlive(Number(pid));
    // What cannot be removed now is tried again by the next run.
    if (isStale) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
