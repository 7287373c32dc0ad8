import { afterEach, expect, test } from '@jest/globals';
import { minFreeBytes } from '../../../bootstrap/disk.ts';

const NAME = 'SWITCHYARD_MIN_FREE_BYTES';

afterEach(() => {
  delete process.env[NAME];
});

test.each([
  [undefined, 1024 ** 3],
  ['', 1024 ** 3],
  ['0', 0],
  ['5000000000', 5_000_000_000],
])('the limit %j means %d bytes', (bound, bytes) => {
  if (bound !== undefined) process.env[NAME] = bound;
  expect(minFreeBytes()).toBe(bytes);
});

test.each(['1G', '-1', '1.5', ' 1'])('%j is refused', (bound) => {
  process.env[NAME] = bound;
  expect(minFreeBytes).toThrow('invalid number of bytes');
});
