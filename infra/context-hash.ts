import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * A hash of a folder's files: their relative names, whether they are executable, and their contents.
 *
 * Images are tagged with it, so the same folder always results in the same tag, and any change in another one. Owners, times and the
 * folder's own path are not included, so two checkouts of one commit have the same hash.
 *
 * @param dir a folder; its subfolders are included, but for what Python caches there, which `.dockerignore` leaves out too.
 * @param extra further strings that affect the image, for example build arguments.
 * @returns 12 hex digits.
 */
export function contextHash(dir: string, extra: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const file of filesBelow(dir)) {
    const path = join(dir, file);
    const executable = (statSync(path).mode & 0o111) !== 0;
    hash.update(`${file}\0${executable ? 'x' : '-'}\0`);
    hash.update(createHash('sha256').update(readFileSync(path)).digest());
  }
  for (const value of extra) hash.update(`\0${value}`);
  return hash.digest('hex').slice(0, 12);
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|[/\\])__pycache__[/\\]/.test(file))
    .sort();
}
