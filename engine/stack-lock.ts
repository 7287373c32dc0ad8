/** Whether a run of Pulumi is at work on a stack: by the locks that it lays into a backend that is a folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../bootstrap/lock.ts';
import { backendFolder } from './passphrase.ts';

/** Who changes a stack, or did when it died. As `status --json` prints it. */
export interface Change {
  user: string;
  host: string;
  pid: number;
  /** When it began: ISO 8601. */
  since: string;
}

/**
 * The run that changes a stack now. Looks at the lock and takes none.
 *
 * @returns undefined where nobody does, and where the backend is no folder of this machine: then it cannot be told without taking the
 *   lock. A lock that a dead process of this host left counts for nothing: the next `up` removes it.
 */
export function runningChange(
  stack: string,
  options: { backend?: string | undefined; host?: string; alive?: (pid: number) => boolean } = {},
): Change | undefined {
  const { backend = backendFolder(), host = hostname(), alive = isAlive } = options;
  return locksOf(stack, backend).find((lock) => lock.host !== host || alive(lock.pid));
}

function locksOf(stack: string, backend: string | undefined): Change[] {
  if (backend === undefined) return [];
  const name = stack.split('/').at(-1) ?? stack;
  const folder = join(backend, '.pulumi', 'locks', 'organization', 'switchyard', name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => readLock(join(folder, file)) ?? []);
}

function readLock(path: string): Change | undefined {
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const { pid, username, hostname: host, timestamp } = lock;
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    return { user: text(username) || '?', host, pid, since: text(timestamp) };
  } catch {
    // Released between the listing and the reading, or half written: the next look shows it.
    return undefined;
  }
}
