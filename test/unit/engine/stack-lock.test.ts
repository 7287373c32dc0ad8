import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runningChange } from '../../../engine/stack-lock.ts';

let backend: string;
beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), 'switchyard-lock-'));
});
afterEach(() => rmSync(backend, { recursive: true }));

/** A lock as Pulumi's backends in folders write it. */
function lock(stack: string, content: unknown): void {
  const folder = join(backend, '.pulumi', 'locks', 'organization', 'switchyard', stack);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'one.json'), typeof content === 'string' ? content : JSON.stringify(content));
}
const held = { pid: 42, username: 'ann', hostname: 'here', timestamp: '2026-11-27T10:00:00Z' };
const here = { host: 'here', alive: () => true };

test('a living run is named with who and since when', () => {
  lock('dev', held);
  expect(runningChange('dev', { backend, ...here })).toEqual({
    ...{ user: 'ann', host: 'here', pid: 42, since: '2026-11-27T10:00:00Z' },
  });
  expect(runningChange('organization/switchyard/dev', { backend, ...here })?.pid).toBe(42);
});

test('a lock counts for its own stack alone', () => {
  lock('prod', held);
  expect(runningChange('dev', { backend, ...here })).toBeUndefined();
});

test('a lock of a dead process of this host counts for nothing; of another host nobody knows', () => {
  lock('dev', held);
  expect(runningChange('dev', { backend, host: 'here', alive: () => false })).toBeUndefined();
  expect(runningChange('dev', { backend, host: 'there', alive: () => false })?.host).toBe('here');
});

test.each(['', '{', '[]', '{"pid": "x"}'])('a lock that reads %j is none', (text) => {
  lock('dev', text);
  expect(runningChange('dev', { backend, ...here })).toBeUndefined();
});
