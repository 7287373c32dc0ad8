/** The order of the test files: long ones first, every file once, and the list contains no file that does not exist. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { byLength, LONG } from '../../harness/longest-first.ts';

test('the long files come first, the others keep their order', () => {
  const files = ['/x/a.test.ts', `/x/${LONG[1]!}`, '/x/b.test.ts', `/x/${LONG[0]!}`, '/x/a.test.ts'];
  expect(byLength(files, (file) => file)).toEqual([
    `/x/${LONG[0]!}`,
    `/x/${LONG[1]!}`,
    '/x/a.test.ts',
    '/x/b.test.ts',
    '/x/a.test.ts',
  ]);
});

// A copy may not have toolchain/.
test.each(LONG.filter((file) => existsSync(join(ROOT, file.split('/')[0]!))))('%s exists', (file) => {
  expect(existsSync(join(ROOT, file))).toBe(true);
});
