import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../console/errors.ts';

/** What a first setup needs: engine and provider builds, the base image and LiteLLM's image, with some room. */
export const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * What a deployment needs: a state, containers, the layers that change. SWITCHYARD_MIN_FREE_BYTES is another bound, for a machine with
 * less to spare and for tests.
 *
 * @throws UserError if that is no number of bytes.
 */
export function minFreeBytes(): number {
  const bound = process.env.SWITCHYARD_MIN_FREE_BYTES;
  if (!bound) return 1024 ** 3;
  if (/^\d+$/.test(bound)) return Number(bound);
  throw new UserError('that is no number of bytes', {
    where: 'environment variable SWITCHYARD_MIN_FREE_BYTES',
    found: bound,
    allowed: 'digits alone, or unset: 1 GB',
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

/** Ends with a sentence if there is too little room for `what` at `path`. */
export async function requireSpace(path: string, what: string, needed = NEEDED_BYTES): Promise<void> {
  const free = await freeBytes(path);
  if (free >= needed) return;
  throw new UserError(`the disk is nearly full: ${what} needs room`, {
    where: path,
    found: `${gigabytes(free)} free`,
    allowed: `at least ${gigabytes(needed)} free`,
    command: `df -h ${path}`,
  });
}
