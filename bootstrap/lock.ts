/** A lock between processes, so that two runs at once do not build the same thing twice. */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';
import type { Progress } from '../console/output.ts';
import { inHome } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';

/** When process `pid` began, in clock ticks, where the system tells (Linux): a number given anew to another process differs in it. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; the fields after it are plain. Start time is the 22nd of all.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function ownerLives(owner: string): boolean {
  const [pid, start] = owner.split('@');
  return isAlive(Number(pid)) && startOf(Number(pid)) === (start ?? '');
}

function holder(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Throws where something that is no lock lies in its place: nobody would ever release it. */
function refuseOther(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink())
    throw new UserError('no lock can be made: something else is in its place', {
      where: path,
      command: `rm -r ${path}`,
    });
}

/** Tries once. A symbolic link is created with its content in one atomic act, so a lock always names its owner. */
function take(path: string, me: string): boolean {
  try {
    symlinkSync(me, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = holder(path);
  if (owner === undefined) refuseOther(path);
  if (owner === undefined || ownerLives(owner)) return false;
  // Whoever moves the dead one's lock away first has it; a live one moved by mistake is put back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (holder(aside) !== owner) renameSync(aside, path);
  } catch {
    // Another process was quicker.
  }
  rmSync(aside, { force: true });
  return false;
}

/** Runs `work` while holding the lock `name`. Waits for a living owner and says so; the lock of a dead one is taken over. */
export async function withLock<T>(name: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const path = inHome('locks', name);
  mkdirSync(dirname(path), { recursive: true });
  const me = `${process.pid}@${startOf(process.pid)}`;
  let told = false;
  while (!take(path, me)) {
    const owner = holder(path);
    if (!told && owner !== undefined && ownerLives(owner)) {
      progress(`waiting for process ${owner.split('@')[0]}, which is at the same work (lock ${path})`);
      told = true;
    }
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
