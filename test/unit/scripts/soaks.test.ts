/** A soak run has every test that has a long version. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { SOAKS, UNIT_SOAKS } from '../../../scripts/run-tests.ts';

/** A test file, the files in the folder of its name, and what runs the gateway's Python tests, which read the variable themselves. */
function isLong(file: string): boolean {
  const parts = globSync(`${file.replace(/\.test\.ts$/, '')}/*.ts`, { cwd: ROOT });
  return [file, ...parts].some((one) =>
    /\bSOAK\b.* from '.*harness\/soak\.ts'|run-python\.ts'/.test(readFileSync(join(ROOT, one), 'utf8')),
  );
}

test('every file with a long version is in the list, and no other', () => {
  const files = globSync(['test/{unit,e2e}/**/*.test.ts', 'runtimes/*/test/*.test.ts'], { cwd: ROOT });
  expect(files.length).toBeGreaterThan(20);
  expect([...SOAKS, ...UNIT_SOAKS].sort()).toEqual(files.filter(isLong).sort());
});
