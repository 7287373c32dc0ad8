/** Whether files can be replaced: everything that would stop it is found before anything is written. */
import { constants, type Stats } from 'node:fs';
import { access, lstat, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../console/errors.ts';
import { quote } from '../console/shell.ts';
import type { ActingUser } from './acting-user.ts';

/** A file that can be written. */
export interface Target {
  /** The file itself: a symbolic link is followed, and stays. */
  path: string;
  /** The existing file; undefined if there is none. */
  stats?: Stats | undefined;
  /** The nearest folder above it that exists. */
  folder: { path: string; stats: Stats };
}

/**
 * Finds the file behind a path, and checks that this user may replace it.
 *
 * @throws UserError with the reason and the command that fixes it.
 */
export async function writableTarget(path: string, user: ActingUser): Promise<Target> {
  const target = await followLinks(path);
  const stats = await statIfExists(target);
  const folder = await existingFolder(dirname(target));
  if (stats !== undefined) {
    if (!stats.isFile()) throw refusal(target, 'it is not a file', `move it away: ${quote(target)}`);
    if ((stats.mode & 0o222) === 0) throw refusal(target, 'it is read-only', `chmod u+w ${quote(target)}`);
    // Root's own file in a user's folder is what an earlier run with sudo left: it becomes the user's.
    const isForeign = stats.uid !== user.uid && !(user.isSudo && stats.uid === 0);
    if (user.uid !== undefined && user.uid !== 0 && isForeign)
      throw refusal(target, `it belongs to user id ${stats.uid}`, `sudo chown ${user.uid} ${quote(target)}`);
    await check(target, target, constants.W_OK);
  }
  if (!folder.stats.isDirectory())
    throw refusal(target, `${folder.path} is not a folder`, `move it away: ${quote(folder.path)}`);
  await check(target, folder.path, constants.W_OK | constants.X_OK);
  return { path: target, stats, folder };
}

async function check(target: string, path: string, mode: number): Promise<void> {
  try {
    await access(path, mode);
  } catch (error) {
    throw unwritable(target, error, path);
  }
}

/** The error for a failed write; any other error as it is. */
export function unwritable(target: string, error: unknown, path = target): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const of = path === target ? '' : `${path}: `;
  const reasons: Record<string, [found: string, command: string]> = {
    EACCES: ['permission denied', `chmod u+w ${quote(path)}, or sudo chown "$(id -u)" ${quote(path)}`],
    EPERM: ['it is immutable, or append-only', `sudo chattr -i -a ${quote(path)}`],
    EROFS: ['the file system is read-only', 'another folder: --dir'],
    EBUSY: ['it is a mount point', 'mount the folder instead, or another folder: --dir'],
    ENOSPC: ['no space left on the disk', `free some space: df -h ${quote(dirname(path))}`],
    EDQUOT: ['the disk quota is used up', `free some space: df -h ${quote(dirname(path))}`],
  };
  const reason = reasons[code];
  return reason === undefined ? error : refusal(target, `${of}${reason[0]}`, reason[1]);
}

function refusal(path: string, found: string, command: string): UserError {
  return new UserError(`${path} cannot be written, so nothing was changed`, { where: path, found, command });
}

async function followLinks(file: string, depth = 0): Promise<string> {
  const isLink = (await statIfExists(file, lstat))?.isSymbolicLink() === true;
  if (!isLink) return file;
  if (depth > 20) throw refusal(file, 'its symbolic links run in a circle', `rm ${quote(file)}`);
  return followLinks(resolve(dirname(file), await readlink(file)), depth + 1);
}

async function existingFolder(path: string): Promise<{ path: string; stats: Stats }> {
  const stats = await statIfExists(path);
  return stats === undefined ? existingFolder(dirname(path)) : { path, stats };
}

async function statIfExists(path: string, read: typeof stat = stat): Promise<Stats | undefined> {
  try {
    return await read(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unwritable(path, error);
  }
}
