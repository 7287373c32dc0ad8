/**
 * Records our own runs of Pulumi, to recognize the stale locks of killed ones.
 *
 * Host name and pid in a lock do not show whether its owner is alive: two containers, or two CI jobs, may have the same of both. So each
 * run is recorded in SWITCHYARD_HOME, with the kernel's boot id and the pid namespace. Only a lock whose owner is recorded there and has
 * ended is removed without asking; and only its own file, not whichever lock `pulumi cancel` would find a moment later.
 */
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { inHome } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';
import { type StackLock, stackLocks } from './stack-lock.ts';

/** The owner of a stack's lock. Printed by `status --json`. */
export interface Change {
  user: string;
  host: string;
  pid: number;
  /** When it began: ISO 8601; empty if the lock does not say. */
  since: string;
}

/** Where a pid is unique. */
interface PidScope {
  hostname: string;
  /** The kernel's boot id; empty where the system has none. */
  boot: string;
  /** The pid namespace; empty where the system has none. */
  pidSpace: string;
}

/** A run of ours, as recorded. */
interface OwnRun extends PidScope {
  pid: number;
}

/**
 * The run that changes a stack now, according to the lock; acquires none.
 *
 * @returns undefined if there is none, or if the backend is not a folder of this machine: that cannot be checked without acquiring the
 *   lock. A stale lock, which the next `up` removes, does not count.
 */
export function runningChange(stack: string): Change | undefined {
  const held = stackLocks(stack).find((lock) => !isStale(lock, readRun(stack, lock.pid)));
  if (held === undefined) return undefined;
  return { user: held.username, host: held.hostname, pid: held.pid, since: held.timestamp ?? '' };
}

/**
 * Records that a run of ours may acquire a stack's lock.
 *
 * @returns a function to call once the run has ended: it removes the record, unless the run has left its lock behind.
 */
export function recordRun(stack: string, pid: number): () => void {
  const file = runFile(stack, pid);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ pid, ...thisMachine() }));
  return () => {
    if (stackLocks(stack).every((lock) => lock.pid !== pid)) rmSync(file, { force: true });
  };
}

/**
 * Removes the stale locks of our own killed runs.
 *
 * @returns whether there were locks, and all were stale.
 */
export function removeStaleLocks(stack: string): boolean {
  const locks = stackLocks(stack);
  const dead = locks.filter((lock) => isStale(lock, readRun(stack, lock.pid)));
  for (const lock of dead) {
    // The backend's library keeps attributes beside each file: remove them too.
    for (const file of [lock.path, `${lock.path}.attrs`]) rmSync(file, { force: true });
    rmSync(runFile(stack, lock.pid), { force: true });
  }
  return locks.length > 0 && dead.length === locks.length;
}

/**
 * Whether a lock was left behind by a run that has certainly ended.
 *
 * @param run the record of the run with the lock's pid.
 */
export function isStale(
  lock: StackLock,
  run: OwnRun | undefined,
  here: PidScope = thisMachine(),
  alive: (pid: number) => boolean = isAlive,
): boolean {
  return (
    run?.pid === lock.pid &&
    lock.hostname === here.hostname &&
    run.hostname === here.hostname &&
    run.boot === here.boot &&
    run.pidSpace === here.pidSpace &&
    !alive(lock.pid)
  );
}

function runFile(stack: string, pid: number): string {
  return inHome('runs', `${stack}-${pid}.json`);
}

function readRun(stack: string, pid: number): OwnRun | undefined {
  try {
    return JSON.parse(readFileSync(runFile(stack, pid), 'utf8')) as OwnRun;
  } catch {
    return undefined;
  }
}

function thisMachine(): PidScope {
  return {
    hostname: hostname(),
    boot: orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidSpace: orEmpty(() => readlinkSync('/proc/self/ns/pid')),
  };
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
