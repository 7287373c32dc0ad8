import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../console/errors.ts';

/** Free bytes that a first setup needs: engine and provider builds, the base image and LiteLLM's image, plus a reserve. */
export const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * Free bytes that a deployment needs, for the state, containers and changed layers: 1 GB by default. SWITCHYARD_MIN_FREE_BYTES sets
 * another limit, for a machine with little space and for tests.
 *
 * @throws UserError if that variable is not a number of bytes.
 */
export function minFreeBytes(): number {
  const bound = process.env.SWITCHYARD_MIN_FREE_BYTES;
  if (!bound) return 1024 ** 3;
  if (/^\d+$/.test(bound)) return Number(bound);
  throw new UserError('invalid number of bytes', {
    where: 'environment variable SWITCHYARD_MIN_FREE_BYTES',
    found: bound,
    allowed: 'digits only; unset means 1 GB',
  });
}

/** `5.2 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

/** Free bytes for this user at `path`, or at the nearest folder above it that exists. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const stats = await statfs(path);
    return stats.bavail * stats.bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}

/**
 * Checks that `path` has enough free space for `what`.
 *
 * @param needed in bytes.
 * @throws UserError if it has not.
 */
export async function requireSpace(path: string, what: string, needed = NEEDED_BYTES): Promise<void> {
  const free = await freeBytes(path);
  if (free >= needed) return;
  throw new UserError(`not enough disk space for ${what}`, {
    where: path,
    found: `${gigabytes(free)} free`,
    allowed: `at least ${gigabytes(needed)} free`,
    command: `df -h ${path}`,
  });
}
