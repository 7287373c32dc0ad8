import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreSettings } from '../../../keys/restore-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-restore-'));
const file = join(folder, 'Pulumi.dev.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['what we wrote is put back', 'ours', 'before', true],
  ['what is as before stays', 'before', 'before', true],
  ["another process's change is not overwritten", 'theirs', 'theirs', false],
])('%s', async (_, now, after, done) => {
  writeFileSync(file, now);
  expect(await restoreSettings(file, 'before', 'ours')).toBe(done);
  expect(readFileSync(file, 'utf8')).toBe(after);
});

test('a file that was removed meanwhile is not made again', async () => {
  rmSync(file);
  expect(await restoreSettings(file, 'before', 'ours')).toBe(false);
});
