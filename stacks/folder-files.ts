import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file of a folder. */
export interface FolderFile {
  /** Its absolute path in the container. */
  path: string;
  content: string;
}

/** Folders that tools make beside programs. */
const NOT_UPLOADED = /(^|[/\\])(\.|__pycache__)/;

/**
 * The files of a folder and its subfolders, for upload into a container.
 *
 * Line ends are converted to LF: otherwise the kernel would look for an interpreter named `python3\r`, and HAProxy would take the CR as a
 * part of the last word.
 *
 * @param dir the folder. Hidden files, and what Python caches there, are ignored.
 * @param target the folder in the container.
 * @returns the files sorted by path, so that the order is stable.
 */
export function folderFiles(dir: string, target: string): FolderFile[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((path) => !NOT_UPLOADED.test(path))
    .sort()
    .map((path) => ({
      path: `${target}/${slashes(path)}`,
      content: readFileSync(join(dir, path), 'utf8').replaceAll('\r\n', '\n'),
    }));
}

function slashes(path: string): string {
  return path.replaceAll(sep, '/');
}
