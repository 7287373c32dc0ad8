/** Puts a settings file back as it was before a run of changes that failed in the middle. */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/**
 * Restores `path`, unless another process has changed it since.
 *
 * @param before its text before the first change.
 * @param ours its text after our last change.
 * @returns whether it is as before.
 */
export async function restoreSettings(path: string, before: string, ours: string): Promise<boolean> {
  const now = await readFile(path, 'utf8').catch(() => undefined);
  if (now === before) return true;
  if (now !== ours) return false;
  await writeFileAtomic(path, before);
  return true;
}
