import { readFile } from 'node:fs/promises';
import { UserError } from '../console/errors.ts';

/** A file's text; undefined if it does not exist. */
export async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * As {@link readIfExists}, for a file that is read before anything is changed.
 *
 * @throws UserError if it exists and cannot be read, e.g. because it is another user's, or a folder.
 */
export async function readBeforeChange(file: string): Promise<string | undefined> {
  try {
    return await readIfExists(file);
  } catch (error) {
    const { code = 'unknown error', message } = error as NodeJS.ErrnoException;
    throw new UserError(`${file} cannot be read (${code}), so nothing was changed`, {
      where: file,
      found: message,
      command: 'make it readable for you, or move it away: connect then creates a new one',
      cause: error,
    });
  }
}
