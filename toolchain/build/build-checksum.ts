import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What is known of a built file, beside it in `stamp.json`. */
interface Stamp {
  sha256: string;
  size: number;
  mtimeMs: number;
}

/** Notes what a file that was just built is like. */
export async function stamp(file: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const noted: Stamp = { sha256: await sha256(file), size, mtimeMs };
  await writeFile(join(dirname(file), 'stamp.json'), `${JSON.stringify(noted, null, 2)}\n`);
}

/**
 * Compares a file with its stamp. The hash of a hundred megabytes takes a second, so it is computed only where size
 * or time differ, or on request.
 */
export async function inspect(file: string, deep = false): Promise<'whole' | 'damaged' | 'missing'> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return 'missing';
  const noted = await readStamp(file);
  if (!noted || noted.size !== found.size) return 'damaged';
  if (!deep && noted.mtimeMs === found.mtimeMs) return 'whole';
  if ((await sha256(file)) !== noted.sha256) return 'damaged';
  // Only touched or copied: note the new time, so that the next look is a quick one.
  if (noted.mtimeMs !== found.mtimeMs) await stamp(file);
  return 'whole';
}

async function readStamp(file: string): Promise<Stamp | undefined> {
  try {
    return JSON.parse(await readFile(join(dirname(file), 'stamp.json'), 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
