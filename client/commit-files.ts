/** Changes several files, or none: everything is checked and written beside them before the first one is replaced. */
import { chmod, chown, copyFile, link, mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, relative, sep, join } from 'node:path';
import { UserError } from '../console/errors.ts';
import { type ActingUser, actingUser } from './acting-user.ts';
import { forEachOrErrors } from './collect-errors.ts';
import { readIfExists } from './read-if-exists.ts';
import { type Target, unwritable, writableTarget } from './writable.ts';

/** A file that is to be changed. */
export interface FileChange {
  path: string;
  /** Its text when the change was planned; undefined if there was no file. */
  before: string | undefined;
  /** Its new text; undefined removes it. */
  after: string | undefined;
  /** Its permissions; by default those of the existing file, or 0666 without the umask. */
  mode?: number | undefined;
}

interface Staged extends Target {
  change: FileChange;
  /** The new file beside the old one. */
  next: string;
  /** The old file under a second name. */
  last: string;
}

/**
 * Applies all changes in their order. If one cannot be applied, those before it are undone. A symbolic link stays: its target is
 * replaced. Existing files keep their owner; new files and folders belong to the user, or for root to the owner of the folder they are in.
 *
 * @param user for whom; by default who runs the command, under sudo its caller.
 * @throws UserError if a file cannot be written, or has changed since the change was planned; then nothing is changed.
 */
export async function commitFiles(
  changes: readonly FileChange[],
  user?: ActingUser | Promise<ActingUser>,
): Promise<void> {
  const acting = await (user ?? actingUser());
  const staged = await forEachOrErrors(changes, async (change): Promise<Staged> => {
    const target = await writableTarget(change.path, acting);
    const { path } = target;
    return { ...target, change, next: `${path}.switchyard-new`, last: `${path}.switchyard-old` };
  });
  const folders: string[] = [];
  const replaced: Staged[] = [];
  try {
    for (const one of staged) await stage(one, acting, folders);
    for (const one of staged) await refuseChanged(one);
    for (const one of staged) {
      replaced.push(one);
      await replace(one).catch((error: unknown) => {
        throw unwritable(one.path, error);
      });
    }
  } catch (error) {
    for (const { path, stats, last } of replaced.reverse())
      await (stats === undefined ? rm(path, { force: true }) : rename(last, path)).catch(() => undefined);
    await removeStaged(staged);
    for (const folder of folders.reverse()) await rmdir(folder).catch(() => undefined);
    throw error;
  }
  await removeStaged(staged);
}

/** Writes the new file beside the old one, so that a full disk is found now, and keeps the old one under a second name. */
async function stage(
  { path, stats, folder, change, next, last }: Staged,
  user: ActingUser,
  folders: string[],
) {
  // A file of an interrupted run may contain keys.
  await removeStaged([{ next, last }]);
  const newOwner = user.isSudo || user.uid !== 0 ? user : { uid: folder.stats.uid, gid: folder.stats.gid };
  const owner = user.isSudo ? user : (stats ?? newOwner);
  try {
    if (stats !== undefined)
      await link(path, last).catch(() => copyFile(path, last).then(() => chown(last, stats.uid, stats.gid)));
    if (change.after === undefined) return;
    await makeFolders(folder.path, dirname(path), newOwner, folders);
    const mode = change.mode ?? (stats === undefined ? 0o666 & ~process.umask() : stats.mode & 0o7777);
    // Not write-file-atomic: on a full disk it leaves a file cut short, without an error.
    await writeFile(next, change.after, { mode, flag: 'wx', flush: true });
    await chmod(next, mode);
    if (process.getuid?.() === 0 && owner.uid !== undefined)
      await chown(next, owner.uid, owner.gid ?? owner.uid);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function makeFolders(
  existing: string,
  wanted: string,
  { uid, gid }: { uid?: number | undefined; gid?: number | undefined },
  made: string[],
): Promise<void> {
  let folder = existing;
  for (const part of relative(existing, wanted).split(sep).filter(Boolean)) {
    folder = join(folder, part);
    const isNew = (await mkdir(folder, { recursive: true })) !== undefined;
    if (!isNew) continue;
    made.push(folder);
    if (process.getuid?.() === 0 && uid !== undefined) await chown(folder, uid, gid ?? uid);
  }
}

async function refuseChanged({ path, change }: Staged): Promise<void> {
  if ((await readIfExists(path)) === change.before) return;
  throw new UserError(`${path} was changed by another program meanwhile, so nothing was changed`, {
    where: path,
    command: 'run the command again',
  });
}

function replace({ path, change, next }: Staged): Promise<void> {
  return change.after === undefined ? rm(path, { force: true }) : rename(next, path);
}

async function removeStaged(staged: readonly Pick<Staged, 'next' | 'last'>[]): Promise<void> {
  for (const file of staged.flatMap(({ next, last }) => [next, last]))
    await rm(file, { force: true }).catch(() => undefined);
}
