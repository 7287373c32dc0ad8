/**
 * A lock between processes, so that two runs at once do not build the same thing twice. The launcher's take_lock follows the same
 * protocol: a lock is a symbolic link, made in one atomic act, whose target names its owner. Its owner removes it; that of a dead
 * process is removed by whoever holds a second link, `<lock>.takeover`, which is never taken from anybody. So nobody can remove a
 * lock that another process took after the look that found its owner dead.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
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

/** Whether `path` could be created; false where it is there already. */
function claim(path: string, me: string): boolean {
  try {
    symlinkSync(me, path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new UserError('no lock can be made', { where: path, found: message, command: `ls -ld ${dirname(path)}` }); // prettier-ignore
  }
}

function release(path: string, me: string): void {
  // The user may have removed it, and another process have taken it since.
  if (holder(path) === me) rmSync(path, { force: true });
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

/**
 * Removes a lock whose owner is dead. While one process holds the link that allows it, the lock can neither be released (its owner is
 * dead) nor taken (it is there), so what is removed is what was looked at.
 */
function removeDead(path: string, me: string): void {
  const permit = `${path}.takeover`;
  if (!claim(permit, me)) {
    const other = holder(permit);
    if (other === undefined) refuseOther(permit);
    // Not taken over in its turn: that would need a third link. It lives for some microseconds, so this is as good as never seen.
    else if (!ownerLives(other) && holder(permit) === other)
      throw new UserError('a run was killed while it removed the lock of another', {
        where: permit,
        command: `rm ${permit}`,
      });
    return;
  }
  try {
    const owner = holder(path);
    if (owner !== undefined && !ownerLives(owner)) rmSync(path, { force: true });
  } catch (error) {
    const found = (error as Error).message;
    throw new UserError('the lock of a process that has ended cannot be removed', { where: path, found, command: `rm ${path}` }); // prettier-ignore
  } finally {
    release(permit, me);
  }
}

/** Tries once. */
function take(path: string, me: string): boolean {
  if (claim(path, me)) return true;
  const owner = holder(path);
  if (owner === undefined) refuseOther(path);
  else if (!ownerLives(owner)) removeDead(path, me);
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
  const letGo = (): void => release(path, me);
  process.once('exit', letGo);
  try {
    return await work();
  } finally {
    process.removeListener('exit', letGo);
    letGo();
  }
}
