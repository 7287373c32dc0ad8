/** Temporary folders. They are in SWITCHYARD_HOME, so that the next run finds and removes what a killed run left behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { inHome } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import { quote } from '../console/shell.ts';

/** The environment variable that identifies the child processes of a run, and theirs; its value is the folder. */
const VARIABLE = 'SWITCHYARD_SCRATCH';

/** Kills the child processes of a killed run, which are still working in its folder. Processes that only have a file of it open stay. */
function killWorkersIn(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (variables.includes(`${VARIABLE}=${folder}`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended meanwhile, or belongs to another user
    }
  }
}

/** The mount points in a folder, the innermost last. */
function mountsIn(folder: string): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    // this system has no such list, and Switchyard mounts nothing there
    return [];
  }
  return (
    table
      .split('\n')
      // Spaces and some other characters are written in octal: `\040`.
      .map((line) =>
        (line.split(' ')[1] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        ),
      )
      .filter((path) => path.startsWith(`${folder}/`))
  );
}

/**
 * Removes a folder after unmounting everything in it: an interrupted bootstrap leaves /proc and /dev mounted there.
 *
 * @throws UserError if something stays mounted: its content must not be deleted.
 */
async function removeTree(folder: string): Promise<void> {
  let found = '';
  for (const path of mountsIn(folder).reverse()) {
    const { exitCode, stderr } = await execa('umount', ['-l', path], { reject: false });
    if (exitCode !== 0) found = stderr.trim();
  }
  const [mounted] = mountsIn(folder);
  if (mounted !== undefined)
    throw new UserError('the temporary folder of an earlier run is not removed: something is mounted in it', {
      where: mounted,
      ...(found ? { found } : {}),
      command: `umount -l ${quote(mounted)} && rm -rf --one-file-system ${quote(folder)}`,
    });
  // -xdev: a file system that is mounted at this very moment is not entered. rm has such an option on some systems only.
  const removed = await execa('find', [folder, '-xdev', '-depth', '-delete'], { reject: false });
  if (removed.exitCode !== 0)
    throw new UserError('a temporary folder cannot be removed', {
      where: folder,
      found: removed.stderr.trim().split('\n')[0] ?? '',
      command: `rm -rf ${quote(folder)}`,
    });
}

/**
 * Runs `work` with a new temporary folder and removes the folder afterwards. Call it while holding the lock `name`: what earlier runs of
 * the same name left behind is removed first.
 *
 * @param work gets the folder, and the environment variables with which it must start its processes: they identify the processes that a
 *   killed run left behind.
 */
export async function inTempDir<T>(
  name: string,
  work: (folder: string, env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const parent = inHome('tmp');
  await mkdir(parent, { recursive: true });
  for (const left of await readdir(parent)) {
    if (!left.startsWith(`${name}-`)) continue;
    if (process.platform === 'linux') killWorkersIn(join(parent, left));
    await removeTree(join(parent, left));
  }
  const folder = await mkdtemp(join(parent, `${name}-`));
  try {
    return await work(folder, { [VARIABLE]: folder });
  } finally {
    await removeTree(folder);
  }
}
