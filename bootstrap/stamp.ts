/**
 * Stamps of what was brought: the files that must be there, with their sizes and hashes, so that a truncated or altered cache is
 * noticed. A look costs one `stat` per file; hashes are computed only where size or time have changed, or when asked.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import writeFileAtomic from 'write-file-atomic';

interface FileStamp {
  size: number;
  mtimeMs: number;
  sha256: string;
}

/** The hash of a file, in hex. */
export async function hashFile(path: string, algorithm: 'sha1' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const stampIn = (folder: string) => join(folder, '.stamp.json');

function write(stampFile: string, stamps: Record<string, FileStamp>): Promise<void> {
  return writeFileAtomic(stampFile, `${JSON.stringify(stamps, null, 2)}\n`);
}

/**
 * Writes the stamp of `folder` over the given files, by path relative to it. Call it last: a folder without a stamp is not whole.
 *
 * @param stampFile where the stamp is kept; in the folder itself, unless that is somebody else's.
 */
export async function writeStamp(
  folder: string,
  files: readonly string[],
  stampFile = stampIn(folder),
): Promise<void> {
  const stamps: Record<string, FileStamp> = {};
  for (const file of files) {
    const path = join(folder, file);
    const { size, mtimeMs } = await stat(path);
    stamps[file] = { size, mtimeMs, sha256: await hashFile(path, 'sha256') };
  }
  await write(stampFile, stamps);
}

/** What is wrong with `folder` by its stamp, in a few words; undefined if it is whole. `deep` computes every hash. */
export async function findDamage(
  folder: string,
  deep = false,
  stampFile = stampIn(folder),
): Promise<string | undefined> {
  let stamps: Record<string, FileStamp>;
  try {
    stamps = JSON.parse(await readFile(stampFile, 'utf8')) as Record<string, FileStamp>;
  } catch {
    return 'it was never finished';
  }
  for (const [file, stamp] of Object.entries(stamps)) {
    const path = join(folder, file);
    const now = await stat(path).catch(() => undefined);
    if (!now) return `${file} is missing`;
    if (now.size !== stamp.size) return `${file} has ${now.size} bytes instead of ${stamp.size}`;
    const touched = now.mtimeMs !== stamp.mtimeMs;
    if ((deep || touched) && (await hashFile(path, 'sha256')) !== stamp.sha256) {
      // From here on its time is no witness: what a deep look has found, quick ones must find too, else nothing mends it.
      if (!touched) await write(stampFile, { ...stamps, [file]: { ...stamp, mtimeMs: 0 } });
      return `${file} was altered`;
    }
  }
  return undefined;
}
