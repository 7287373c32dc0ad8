/**
 * Checksum manifests of what was installed: the expected files with their sizes and hashes, so that a truncated or altered cache is
 * detected. A check costs one `stat` per file; hashes are computed only if size or time have changed, or on request.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import writeFileAtomic from 'write-file-atomic';

interface FileEntry {
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

const manifestIn = (folder: string) => join(folder, '.stamp.json');

function write(manifestFile: string, entries: Record<string, FileEntry>): Promise<void> {
  return writeFileAtomic(manifestFile, `${JSON.stringify(entries, null, 2)}\n`);
}

/**
 * Writes the manifest of `folder`. Call it last: a folder without a manifest counts as incomplete.
 *
 * @param files the files to list, by path relative to the folder.
 * @param manifestFile where the manifest is written; by default in the folder itself. Give another path if the folder is not ours.
 */
export async function writeManifest(
  folder: string,
  files: readonly string[],
  manifestFile = manifestIn(folder),
): Promise<void> {
  const entries: Record<string, FileEntry> = {};
  for (const file of files) {
    const path = join(folder, file);
    const { size, mtimeMs } = await stat(path);
    entries[file] = { size, mtimeMs, sha256: await hashFile(path, 'sha256') };
  }
  await write(manifestFile, entries);
}

/** Compares `folder` with its manifest: the problem in a few words; undefined if it is intact. `deep` computes every hash. */
export async function findDamage(
  folder: string,
  deep = false,
  manifestFile = manifestIn(folder),
): Promise<string | undefined> {
  let entries: Record<string, FileEntry>;
  try {
    entries = JSON.parse(await readFile(manifestFile, 'utf8')) as Record<string, FileEntry>;
  } catch {
    return 'its installation was not completed';
  }
  for (const [file, entry] of Object.entries(entries)) {
    const path = join(folder, file);
    const now = await stat(path).catch(() => undefined);
    if (!now) return `${file} is missing`;
    if (now.size !== entry.size) return `${file} has ${now.size} bytes instead of ${entry.size}`;
    const touched = now.mtimeMs !== entry.mtimeMs;
    if ((deep || touched) && (await hashFile(path, 'sha256')) !== entry.sha256) {
      // Reset the recorded time, so that later quick checks hash this file too: otherwise they would miss it and nothing would repair it.
      if (!touched) await write(manifestFile, { ...entries, [file]: { ...entry, mtimeMs: 0 } });
      return `${file} was altered`;
    }
  }
  return undefined;
}
