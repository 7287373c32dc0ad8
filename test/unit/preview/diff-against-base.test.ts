import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { diffAgainstBase } from '../../../preview/diff-against-base.ts';
import { copyFixtures, RELEASE_DAY } from '../../../sandbox/fixtures.ts';
import { loadInputs } from '../../../stacks/load.ts';
import { ROOT } from '../../../console/home-paths.ts';

const base = mkdtempSync(join(tmpdir(), 'switchyard-old-tree-'));
afterAll(() => rmSync(base, { recursive: true }));

test('a base tree without runtimes/ cannot be compared, and does not cause an error', () => {
  copyFixtures(base);
  cpSync(join(ROOT, 'runtimes'), join(base, 'runtimes'), { recursive: true });
  const raw = { config: { port: '4000' }, secretKeys: ['GROQ_API_KEY'] };
  const { inputs } = loadInputs('dev', raw, base, RELEASE_DAY);
  expect(diffAgainstBase(base, 'dev', inputs!, ['GROQ_API_KEY'], base)).toEqual([]);
  rmSync(join(base, 'runtimes'), { recursive: true });
  expect(diffAgainstBase(base, 'dev', inputs!, ['GROQ_API_KEY'])).toBeUndefined();
});
