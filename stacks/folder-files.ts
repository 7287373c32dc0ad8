import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of a folder, for upload into a container.
 *
 * Line ends are converted to LF: otherwise the kernel would look for an interpreter named `python3\r`, and HAProxy would take the CR as a
 * part of the last word.
 *
 * @param dir the folder. Subfolders are ignored.
 * @param target the folder in the container.
 * @returns the files sorted by name, so that the order is stable.
 */
export function folderFiles(dir: string, target: string): { path: string; content: string }[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({
      path: `${target}/${name}`,
      content: readFileSync(join(dir, name), 'utf8').replaceAll('\r\n', '\n'),
    }));
}
