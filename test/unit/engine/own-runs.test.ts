/** Which locks are removed without asking: only those of our own runs that have certainly ended. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execaSync } from 'execa';
import { isStale, recordRun, removeStaleLocks, currentLockOwner } from '../../../engine/own-runs.ts';
import { stackLocks } from '../../../engine/stack-lock.ts';

const HERE = { hostname: 'ci', boot: 'b1', pidSpace: 'pid:[1]' };
const LOCK = { path: '/x.json', pid: 17, username: 'olga', hostname: 'ci' };
const RUN = { ...HERE, pid: 17 };
const dead = (): boolean => false;
const alive = (): boolean => true;

describe('a lock', () => {
  test.each([
    ['of our own run that has ended is stale', LOCK, RUN, dead, true],
    ['of our own run in progress is not stale', LOCK, RUN, alive, false],
    ['without a record of our own run is not stale', LOCK, undefined, dead, false],
    ['of a container with the same host name and pid is not stale', LOCK, { ...RUN, pidSpace: 'pid:[2]' }, dead, false],
    ['of another machine with the same home folder is not stale', LOCK, { ...RUN, boot: 'b2' }, dead, false],
    ['of another host is not stale', { ...LOCK, hostname: 'elsewhere' }, RUN, dead, false],
    ['with another pid than the record is not stale', { ...LOCK, pid: 18 }, RUN, dead, false],
  ])('%s', (_, lock, run, isAlive, expected) => {
    expect(isStale(lock, run, HERE, isAlive)).toBe(expected);
  });
}); // prettier-ignore

describe('in a backend that is a folder', () => {
  let work: string;
  let locks: string;
  const before = { ...process.env };
  // A process that has just ended.
  const gone = execaSync('sh', ['-c', 'echo $$']).stdout;

  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'switchyard-locks-'));
    locks = join(work, 'backend/.pulumi/locks/organization/switchyard/dev');
    mkdirSync(locks, { recursive: true });
    process.env.PULUMI_BACKEND_URL = `file://${work}/backend`;
    process.env.SWITCHYARD_HOME = join(work, 'home');
  });
  afterEach(() => {
    for (const name of ['PULUMI_BACKEND_URL', 'SWITCHYARD_HOME']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    rmSync(work, { recursive: true, force: true });
  });

  function lock(name: string, pid: number): void {
    const content = { pid, username: 'olga', hostname: hostname(), timestamp: new Date().toISOString() };
    writeFileSync(join(locks, `${name}.json`), JSON.stringify(content));
    writeFileSync(join(locks, `${name}.json.attrs`), '{}');
  }

  test('the lock of a killed run is removed, together with the record of that run', () => {
    recordRun('dev', Number(gone));
    lock('a', Number(gone));
    expect(removeStaleLocks('dev')).toBe(true);
    expect(readdirSync(locks)).toEqual([]);
    expect(readdirSync(join(work, 'home/runs'))).toEqual([]);
  });

  test('a lock that was acquired meanwhile is kept, with its record', () => {
    recordRun('dev', Number(gone));
    lock('a', Number(gone));
    recordRun('dev', process.pid);
    lock('b', process.pid);
    expect(removeStaleLocks('dev')).toBe(false);
    expect(readdirSync(locks)).toEqual(['b.json', 'b.json.attrs']);
    expect(stackLocks('dev').map(({ pid }) => pid)).toEqual([process.pid]);
  });

  test('a lock of a run that is not ours is kept, whether it is alive or not', () => {
    lock('a', Number(gone));
    expect(removeStaleLocks('dev')).toBe(false);
    expect(existsSync(join(locks, 'a.json'))).toBe(true);
  });

  test('in any other backend there is nothing to remove', () => {
    recordRun('dev', Number(gone));
    lock('a', Number(gone));
    process.env.PULUMI_BACKEND_URL = 's3://state';
    expect(removeStaleLocks('dev')).toBe(false);
    expect(existsSync(join(locks, 'a.json'))).toBe(true);
  });

  test('a record is removed once the run has ended, unless its lock still exists', () => {
    recordRun('dev', 17)();
    expect(readdirSync(join(work, 'home/runs'))).toEqual([]);
    lock('a', 18);
    recordRun('dev', 18)();
    expect(readdirSync(join(work, 'home/runs'))).toEqual(['dev-18.json']);
  });

  describe('the current owner of the lock', () => {
    test('is reported with its user and start time', () => {
      lock('a', 42);
      expect(currentLockOwner('dev')).toEqual({
        ...{ user: 'olga', host: hostname(), pid: 42, since: expect.stringMatching(/^\d{4}-.*Z$/) },
      });
      expect(currentLockOwner('organization/switchyard/dev')?.pid).toBe(42);
    });

    test('is reported for its own stack only', () => {
      lock('a', 42);
      expect(currentLockOwner('prod')).toBeUndefined();
    });

    test('is none if our own run was killed; a run of others counts as in progress', () => {
      lock('a', Number(gone));
      expect(currentLockOwner('dev')?.pid).toBe(Number(gone));
      recordRun('dev', Number(gone));
      expect(currentLockOwner('dev')).toBeUndefined();
    });

    test.each(['', '{', '[]', '{"pid": "x"}'])('is not read from a lock with the text %j', (text) => {
      writeFileSync(join(locks, 'one.json'), text);
      expect(currentLockOwner('dev')).toBeUndefined();
    });
  });
});
