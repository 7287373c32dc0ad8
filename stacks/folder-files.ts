import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The plain files of a folder, for a container to find.
 *
 * Lines end in LF there, whatever the editor made of them: an interpreter that is named `python3\r` does not exist, and
 * HAProxy takes the CR for a part of the last word.
 *
 * @param dir the folder; its subfolders are left alone.
 * @param target the folder in the container.
 * @returns the files by name, so that the order is always the same.
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
