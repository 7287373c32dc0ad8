/** Reads the locks on a stack, if the backend is a folder of this machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backendFolder } from './passphrase.ts';

/** A lock as Pulumi's file backend writes it. */
export interface StackLock {
  /** The lock's own file. */
  path: string;
  pid: number;
  username: string;
  hostname: string;
  /** When it was acquired, in ISO 8601. */
  timestamp?: string;
}

/**
 * The locks on a stack; empty if the backend is not a folder of this machine.
 *
 * @param stack its name, optionally with organization and project.
 */
export function stackLocks(stack: string): StackLock[] {
  const backend = backendFolder();
  if (backend === undefined) return [];
  const name = stack.split('/').at(-1) ?? stack;
  const folder = join(backend, '.pulumi', 'locks', 'organization', 'switchyard', name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => readLock(join(folder, file)) ?? []);
}

/** A lock's owner, for an error. */
export function describeOwner(lock: StackLock): string {
  return `a lock created by ${lock.username}@${lock.hostname} (pid ${lock.pid})`;
}

/** Reads a lock; undefined if it was just released, or is still being written. */
function readLock(path: string): StackLock | undefined {
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const { pid, username, hostname, timestamp } = lock;
    if (typeof pid !== 'number' || typeof hostname !== 'string') return undefined;
    return {
      ...{ path, pid, hostname, username: typeof username === 'string' ? username : '?' },
      ...(typeof timestamp === 'string' ? { timestamp } : {}),
    };
  } catch {
    return undefined;
  }
}
