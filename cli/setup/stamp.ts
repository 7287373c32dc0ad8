/**
 * Stamps beside what was brought: the files that must be there, with their sizes and hashes, so that a truncated or altered cache
 * is noticed. A look costs one `stat` per file; hashes are computed only where size or time have changed, or when asked.
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

/** The SHA-256 of a file, in hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const STAMP = '.stamp.json';

/** Writes the stamp of `folder` over the given files, by path relative to it. Call it last: a folder without a stamp is not whole. */
export async function writeStamp(folder: string, files: readonly string[]): Promise<void> {
  const stamps: Record<string, FileStamp> = {};
  for (const file of files) {
    const path = join(folder, file);
    const { size, mtimeMs } = await stat(path);
    stamps[file] = { size, mtimeMs, sha256: await sha256File(path) };
  }
  await writeFileAtomic(join(folder, STAMP), `${JSON.stringify(stamps, null, 2)}\n`);
}

/** What is wrong with `folder` by its stamp, in a few words; undefined if it is whole. `deep` computes every hash. */
export async function findDamage(folder: string, deep = false): Promise<string | undefined> {
  let stamps: Record<string, FileStamp>;
  try {
    stamps = JSON.parse(await readFile(join(folder, STAMP), 'utf8')) as Record<string, FileStamp>;
  } catch {
    return 'it was never finished';
  }
  for (const [file, stamp] of Object.entries(stamps)) {
    const path = join(folder, file);
    const now = await stat(path).catch(() => undefined);
    if (!now) return `${file} is missing`;
    if (now.size !== stamp.size) return `${file} has ${now.size} bytes instead of ${stamp.size}`;
    if ((deep || now.mtimeMs !== stamp.mtimeMs) && (await sha256File(path)) !== stamp.sha256)
      return `${file} was altered`;
  }
  return undefined;
}
