import { execFileSync } from 'node:child_process';
import { afterEach, expect, jest, test } from '@jest/globals';
import { isAlive } from '../../../console/is-alive.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('a running process is alive; one that has ended is not', () => {
  expect(isAlive(process.pid)).toBe(true);
  const ended = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' });
  expect(isAlive(Number(ended))).toBe(false);
});

test.each([
  ['EPERM', true],
  ['ESRCH', false],
])('an error %s means alive: %s', (code, alive) => {
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });
  expect(isAlive(12_345)).toBe(alive);
});

test.each([0, -1, Number.NaN])('%d is not a process', (pid) => expect(isAlive(pid)).toBe(false));
