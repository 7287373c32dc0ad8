/**
 * Which runs of Pulumi are ours, and which locks a killed one has left.
 *
 * Host and process number in a lock do not tell whether its holder lives: two containers, or two CI jobs, may have the same of both. So
 * each run notes itself in SWITCHYARD_HOME, with the kernel's boot and the space of process numbers it ran in. Only a lock whose holder
 * is noted there, and is gone, is removed without asking; and only its own file, never whatever `pulumi cancel` finds a moment later.
 */
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { inHome } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';
import { type StackLock, stackLocks } from './stack-lock.ts';

/** Who changes a stack. As `status --json` prints it. */
export interface Change {
  user: string;
  host: string;
  pid: number;
  /** When it began: ISO 8601; empty where the lock does not say. */
  since: string;
}

/** Where a process number counts. */
interface Place {
  hostname: string;
  /** The kernel's boot; empty where the system does not tell. */
  boot: string;
  /** The space in which the process number counts; empty where the system has but one. */
  pidSpace: string;
}

/** A run of ours, as it is noted. */
interface OwnRun extends Place {
  pid: number;
}

/**
 * The run that changes a stack now. Looks at the lock and takes none.
 *
 * @returns undefined where nobody does, and where the backend is no folder of this machine: then it cannot be told without taking the
 *   lock. A lock that the next `up` removes by itself counts for nothing.
 */
export function runningChange(stack: string): Change | undefined {
  const held = stackLocks(stack).find((lock) => !isLeft(lock, readRun(stack, lock.pid)));
  if (held === undefined) return undefined;
  return { user: held.username, host: held.hostname, pid: held.pid, since: held.timestamp ?? '' };
}

/**
 * Notes that a run of ours may take a stack's lock.
 *
 * @returns what takes the note back once the run has ended, unless it has left its lock.
 */
export function noteRun(stack: string, pid: number): () => void {
  const file = runFile(stack, pid);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ pid, ...whereWeAre() }));
  return () => {
    if (stackLocks(stack).every((lock) => lock.pid !== pid)) rmSync(file, { force: true });
  };
}

/**
 * Removes the locks that runs of ours have left which were killed.
 *
 * @returns whether there were only such locks.
 */
export function removeDeadLocks(stack: string): boolean {
  const locks = stackLocks(stack);
  const dead = locks.filter((lock) => isLeft(lock, readRun(stack, lock.pid)));
  for (const lock of dead) {
    // What the backend's library keeps beside each file goes with it.
    for (const file of [lock.path, `${lock.path}.attrs`]) rmSync(file, { force: true });
    rmSync(runFile(stack, lock.pid), { force: true });
  }
  return locks.length > 0 && dead.length === locks.length;
}

/**
 * Whether a lock was left by a run that is gone for certain.
 *
 * @param run what was noted of the run with the lock's process number.
 */
export function isLeft(
  lock: StackLock,
  run: OwnRun | undefined,
  here: Place = whereWeAre(),
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

function whereWeAre(): Place {
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
