/** What the drill breaks is still there to be broken: a run by default tries only the first of these. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { BREAKAGES } from '../../../drills/broken-deploy.ts';

test.each(BREAKAGES)('$what changes $file', ({ file, change }) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  expect(change(text)).not.toBe(text);
});
