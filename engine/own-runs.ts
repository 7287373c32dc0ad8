/**
 * Records our own runs of Pulumi, to recognize the stale locks of killed ones.
 *
 * The host name and pid in a lock do not identify its owner: two containers or CI jobs can have the same host name and pid. So each run is
 * recorded in SWITCHYARD_HOME, with the kernel's boot id and the pid namespace. A lock is removed without asking only if its owner is
 * recorded there and has ended. Only that lock's file is removed: `pulumi cancel` would remove any lock, even one acquired in the meantime.
 */
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { inHome } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';
import { type StackLock, stackLocks } from './stack-lock.ts';

/** The run that holds a stack's lock. Printed by `status --json`. */
export interface LockOwner {
  user: string;
  host: string;
  pid: number;
  /** When it began: ISO 8601; empty if the lock has no time. */
  since: string;
}

/** The scope in which a pid is unique. */
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
 * The run that holds a stack's lock now. Acquires no lock itself.
 *
 * @returns undefined if there is none. Also if the backend is not a folder of this machine: its locks can only be checked by acquiring one.
 *   A stale lock is ignored, since the next `up` removes it.
 */
export function currentLockOwner(stack: string): LockOwner | undefined {
  const held = stackLocks(stack).find((lock) => !isStale(lock, readRun(stack, lock.pid)));
  if (held === undefined) return undefined;
  return { user: held.username, host: held.hostname, pid: held.pid, since: held.timestamp ?? '' };
}

/**
 * Records a run of ours before it acquires a stack's lock.
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
 * @returns true if there were locks and all of them were stale.
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
 * Whether a lock certainly belongs to a run that has ended.
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
