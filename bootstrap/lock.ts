/**
 * A lock between processes, so that two concurrent runs do not build the same thing twice. The launcher's take_lock uses the same
 * protocol: a lock is a symbolic link, created atomically, whose target names its owner. The owner removes it. The lock of a dead
 * process is removed only while holding a second link, `<lock>.takeover`, which is never taken over itself. So no process can remove a
 * lock that another one acquired after the check that found the previous owner dead.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';
import type { Progress } from '../console/output.ts';
import { inHome } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';

/** The start time of process `pid` in clock ticks; empty where the system does not report it (not Linux). It detects a reused pid. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may contain any character; the fields after it do not. The start time is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isOwnerAlive(owner: string): boolean {
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

/** Creates the link `path`; returns false if it exists already. */
function claim(path: string, me: string): boolean {
  try {
    symlinkSync(me, path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new UserError('the lock cannot be created', { where: path, found: message, command: `ls -ld ${dirname(path)}` }); // prettier-ignore
  }
}

function release(path: string, me: string): void {
  // The user may have removed it, and another process may have acquired it since.
  if (holder(path) === me) rmSync(path, { force: true });
}

/** Throws if `path` exists and is not a lock: it would never be released. */
function refuseOther(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink())
    throw new UserError('the lock cannot be created: another file has its name', {
      where: path,
      command: `rm -r ${path}`,
    });
}

/**
 * Removes a lock whose owner is dead. While this process holds the takeover link, the lock can neither be released (its owner is dead)
 * nor acquired (it exists), so the lock that is removed is the one that was checked.
 */
function removeDead(path: string, me: string): void {
  const permit = `${path}.takeover`;
  if (!claim(permit, me)) {
    const other = holder(permit);
    if (other === undefined) refuseOther(permit);
    // A dead takeover link is not taken over: that would need a third link. It exists for microseconds only, so this hardly ever happens.
    else if (!isOwnerAlive(other) && holder(permit) === other)
      throw new UserError('a run was killed while it removed a stale lock', {
        where: permit,
        command: `rm ${permit}`,
      });
    return;
  }
  try {
    const owner = holder(path);
    if (owner !== undefined && !isOwnerAlive(owner)) rmSync(path, { force: true });
  } catch (error) {
    const found = (error as Error).message;
    throw new UserError('a stale lock cannot be removed', { where: path, found, command: `rm ${path}` }); // prettier-ignore
  } finally {
    release(permit, me);
  }
}

/** Tries once. */
function take(path: string, me: string): boolean {
  if (claim(path, me)) return true;
  const owner = holder(path);
  if (owner === undefined) refuseOther(path);
  else if (!isOwnerAlive(owner)) removeDead(path, me);
  return false;
}

/** Runs `work` while holding the lock `name`. Waits for a running owner and reports that; the lock of a dead one is taken over. */
export async function withLock<T>(name: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const path = inHome('locks', name);
  mkdirSync(dirname(path), { recursive: true });
  const me = `${process.pid}@${startOf(process.pid)}`;
  let reported = false;
  while (!take(path, me)) {
    const owner = holder(path);
    if (!reported && owner !== undefined && isOwnerAlive(owner)) {
      progress(`waiting for process ${owner.split('@')[0]}, which is doing the same (lock ${path})`);
      reported = true;
    }
    await sleep(200);
  }
  const releaseLock = (): void => release(path, me);
  process.once('exit', releaseLock);
  try {
    return await work();
  } finally {
    process.removeListener('exit', releaseLock);
    releaseLock();
  }
}
