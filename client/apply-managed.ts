/** Writes clients' files as planned; see managed-files.ts. */
import { commitFiles, type FileChange } from './commit-files.ts';
import type { ManagedPlan } from './plan-managed.ts';
import { readIfExists } from './read-if-exists.ts';

/**
 * Writes plans, one for each client: all files and records, or nothing. Before a value of the user's is replaced, its file is copied.
 *
 * @returns for each plan the paths of the copies.
 * @throws UserError if a file cannot be written, or has changed since it was read; then nothing is changed.
 */
export async function applyManaged(plans: readonly ManagedPlan[]): Promise<string[][]> {
  const copies = await Promise.all(
    plans.map((plan) => Promise.all(Object.entries(plan.copies).map(([file, text]) => backupOf(file, text)))),
  );
  const records = plans.map(({ changes, record: { path, before, interim, after } }) => {
    const first = changes.length === 0 ? after : interim;
    return { path, before, first, after };
  });
  // A client's record before its files: if the run is killed, no value of ours later counts as the user's.
  const changes = plans.flatMap((plan, index): FileChange[] => {
    const { path, before, first } = records[index]!;
    const recordChange = first === before ? [] : [{ path, before, after: first, mode: 0o600 }];
    return [...copies[index]!.filter((copy) => copy.before !== copy.after), ...recordChange, ...plan.changes];
  });
  // Two clients with the same folder may share a key file.
  await commitFiles(
    changes.filter(({ path, after }, index) => {
      const first = changes.findIndex((one) => one.path === path);
      return first === index || changes[first]!.after !== after;
    }),
  );
  // The interim records name what was ours before, too. If one stays, that does no harm.
  const last = records.filter(({ first, after }) => after !== first);
  await commitFiles(
    last.map(({ path, first, after }) => ({ path, before: first, after, mode: 0o600 })),
  ).catch(() => undefined);
  return copies.map((all) => all.map(({ path }) => path));
}

/** The copy of a user's file: readable only by them, in the same folder. An existing copy with the same content is used again. */
async function backupOf(file: string, text: string): Promise<FileChange> {
  for (let number = 1; ; number += 1) {
    const path = `${file}.before-switchyard${number === 1 ? '' : `-${number}`}`;
    const before = await readIfExists(path);
    if (before === undefined || before === text) return { path, before, after: text, mode: 0o600 };
  }
}
