import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The size, time and hash of a built file, in `stamp.json` beside it. */
interface Checksum {
  sha256: string;
  size: number;
  mtimeMs: number;
}

/** Records size, time and hash of a file that was just built. */
export async function writeChecksum(file: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const recorded: Checksum = { sha256: await sha256(file), size, mtimeMs };
  await writeFile(join(dirname(file), 'stamp.json'), `${JSON.stringify(recorded, null, 2)}\n`);
}

/**
 * Compares a file with its recorded checksum. Hashing a hundred megabytes takes a second, so it is done only if the
 * time differs, or on request.
 */
export async function inspect(file: string, deep = false): Promise<'intact' | 'damaged' | 'missing'> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return 'missing';
  const recorded = await readChecksum(file);
  if (!recorded || recorded.size !== found.size) return 'damaged';
  if (!deep && recorded.mtimeMs === found.mtimeMs) return 'intact';
  if ((await sha256(file)) !== recorded.sha256) return 'damaged';
  // The file was only touched or copied: record the new time, so that the next check is quick.
  if (recorded.mtimeMs !== found.mtimeMs) await writeChecksum(file);
  return 'intact';
}

async function readChecksum(file: string): Promise<Checksum | undefined> {
  try {
    return JSON.parse(await readFile(join(dirname(file), 'stamp.json'), 'utf8')) as Checksum;
  } catch {
    return undefined;
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
