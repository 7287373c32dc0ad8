/** The order of the tests' files: the long ones first, every file once, and no name in the list of a file that is gone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { byLength, LONG } from '../../harness/longest-first.ts';

test('the long files come first, the others stay in their order', () => {
  const files = ['/x/a.test.ts', `/x/${LONG[1]!}`, '/x/b.test.ts', `/x/${LONG[0]!}`, '/x/a.test.ts'];
  expect(byLength(files, (file) => file)).toEqual([
    `/x/${LONG[0]!}`,
    `/x/${LONG[1]!}`,
    '/x/a.test.ts',
    '/x/b.test.ts',
    '/x/a.test.ts',
  ]);
});

// A copy may come without toolchain/.
test.each(LONG.filter((file) => existsSync(join(ROOT, file.split('/')[0]!))))('%s is there', (file) => {
  expect(existsSync(join(ROOT, file))).toBe(true);
});
