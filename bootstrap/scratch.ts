/** Folders for work in progress. They lie in SWITCHYARD_HOME, so that what a killed run left is found and removed by the next. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { inHome } from '../console/home-paths.ts';

/** Ends what still works in a folder: the children of a killed run outlive it. */
function endWorkersIn(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.some((word) => word === folder || word.startsWith(`${folder}/`)))
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended meanwhile, or is not ours to look at
    }
  }
}

/** Removes a folder, and first what is mounted in it: a bootstrap that was broken off leaves /proc there. */
async function removeTree(folder: string): Promise<void> {
  let mounts: string[] = [];
  try {
    const table = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    mounts = table.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${folder}/`));
  } catch {
    // no such list on this system, and nothing of ours mounts anything there
  }
  for (const path of mounts.reverse()) await execa('umount', ['-l', path], { reject: false });
  await execa('rm', ['-rf', folder]);
}

/**
 * Runs `work` with a fresh folder that is gone afterwards. Call it under the lock `name`: what earlier runs of the same name left
 * behind is removed first.
 */
export async function inScratch<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = inHome('tmp');
  await mkdir(parent, { recursive: true });
  for (const left of await readdir(parent)) {
    if (!left.startsWith(`${name}-`)) continue;
    if (process.platform === 'linux') endWorkersIn(join(parent, left));
    await removeTree(join(parent, left));
  }
  const folder = await mkdtemp(join(parent, `${name}-`));
  try {
    return await work(folder);
  } finally {
    await removeTree(folder);
  }
}
