/** Folders for work in progress. They lie in SWITCHYARD_HOME, so that what a killed run left is found and removed by the next. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { inHome } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import { quote } from '../console/shell.ts';

/** The environment variable by which the children of a run are known, and theirs; its value is the folder. */
const MARK = 'SWITCHYARD_SCRATCH';

/** Ends what still works in a folder: the children of a killed run outlive it. Not whoever merely has a file of it open. */
function endWorkersIn(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (variables.includes(`${MARK}=${folder}`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended meanwhile, or is not ours to look at
    }
  }
}

/** What is mounted in a folder, the innermost last. */
function mountsIn(folder: string): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    // no such list on this system, and nothing of ours mounts anything there
    return [];
  }
  return (
    table
      .split('\n')
      // Blanks and the like stand there in octal: `\040`.
      .map((line) =>
        (line.split(' ')[1] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        ),
      )
      .filter((path) => path.startsWith(`${folder}/`))
  );
}

/**
 * Removes a folder, and first what is mounted in it: a bootstrap that was broken off leaves /proc and /dev there.
 *
 * @throws UserError if something stays mounted: what is in it belongs to others.
 */
async function removeTree(folder: string): Promise<void> {
  let found = '';
  for (const path of mountsIn(folder).reverse()) {
    const { exitCode, stderr } = await execa('umount', ['-l', path], { reject: false });
    if (exitCode !== 0) found = stderr.trim();
  }
  const [mounted] = mountsIn(folder);
  if (mounted !== undefined)
    throw new UserError('a folder of an earlier run is not removed: something is mounted in it', {
      where: mounted,
      ...(found ? { found } : {}),
      command: `umount -l ${quote(mounted)} && rm -rf --one-file-system ${quote(folder)}`,
    });
  // -xdev: should something be mounted this very moment, it is not gone into. rm has such an option on some systems only.
  const removed = await execa('find', [folder, '-xdev', '-depth', '-delete'], { reject: false });
  if (removed.exitCode !== 0)
    throw new UserError('a folder for work in progress cannot be removed', {
      where: folder,
      found: removed.stderr.trim().split('\n')[0] ?? '',
      command: `rm -rf ${quote(folder)}`,
    });
}

/**
 * Runs `work` with a fresh folder that is gone afterwards. Call it under the lock `name`: what earlier runs of the same name left
 * behind is removed first.
 *
 * @param work gets the folder, and the variables with which it must start its processes: by them the next run finds the processes that
 *   a kill left behind.
 */
export async function inScratch<T>(
  name: string,
  work: (folder: string, env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const parent = inHome('tmp');
  await mkdir(parent, { recursive: true });
  for (const left of await readdir(parent)) {
    if (!left.startsWith(`${name}-`)) continue;
    if (process.platform === 'linux') endWorkersIn(join(parent, left));
    await removeTree(join(parent, left));
  }
  const folder = await mkdtemp(join(parent, `${name}-`));
  try {
    return await work(folder, { [MARK]: folder });
  } finally {
    await removeTree(folder);
  }
}
