/** Writes a client's files as planned; see managed-files.ts. */
import { commitFiles, type FileChange } from './commit-files.ts';
import type { ManagedPlan } from './plan-managed.ts';
import { readIfExists } from './read-if-exists.ts';

/**
 * Writes a plan: all files and the record, or nothing. Before a value of the user's is replaced, its file is copied.
 *
 * @returns the paths of the copies.
 * @throws UserError if a file cannot be written, or has changed since it was read; then nothing is changed.
 */
export async function applyManaged({ changes, copies: texts, record }: ManagedPlan): Promise<string[]> {
  const { path, before, interim, after } = record;
  const copies = await Promise.all(Object.entries(texts).map(([file, text]) => backupOf(file, text)));
  const isUnchanged = changes.length === 0;
  const first = isUnchanged ? after : interim;
  const recordChange = first === before ? [] : [{ path, before, after: first, mode: 0o600 }];
  // The record first: if the run is killed, no value of ours later counts as the user's.
  await commitFiles([...copies.filter((copy) => copy.before !== copy.after), ...recordChange, ...changes]);
  if (isUnchanged || after === first) return copies.map((copy) => copy.path);
  // The interim record names what was ours before, too. If it stays, that does no harm.
  await commitFiles([{ path, before: first, after, mode: 0o600 }]).catch(() => undefined);
  return copies.map((copy) => copy.path);
}

/** The copy of a user's file: readable only by them, in the same folder. An existing copy with the same content is used again. */
async function backupOf(file: string, text: string): Promise<FileChange> {
  for (let number = 1; ; number += 1) {
    const path = `${file}.before-switchyard${number === 1 ? '' : `-${number}`}`;
    const before = await readIfExists(path);
    if (before === undefined || before === text) return { path, before, after: text, mode: 0o600 };
  }
}
