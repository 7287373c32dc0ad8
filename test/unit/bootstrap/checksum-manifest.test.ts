import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDamage, writeManifest } from '../../../bootstrap/checksum-manifest.ts';

let folder: string;
const binary = () => join(folder, 'bin', 'tool');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-manifest-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(binary(), 'x'.repeat(5000));
  await writeManifest(folder, ['bin/tool']);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('files that match the manifest are intact', async () => {
  expect(await findDamage(folder)).toBeUndefined();
  expect(await findDamage(folder, true)).toBeUndefined();
});

test('a folder without a manifest counts as incomplete', async () => {
  rmSync(join(folder, '.stamp.json'));
  expect(await findDamage(folder)).toBe('its installation was not completed');
});

test('a truncated file is detected', async () => {
  truncateSync(binary(), 100);
  expect(await findDamage(folder)).toBe('bin/tool has 100 bytes instead of 5000');
});

test('a missing file is detected', async () => {
  rmSync(binary());
  expect(await findDamage(folder)).toBe('bin/tool is missing');
});

test('a file of the same size but other content is detected', async () => {
  writeFileSync(binary(), 'y'.repeat(5000));
  expect(await findDamage(folder)).toBe('bin/tool was altered');
});

test('an altered file with its old time is detected by a deep check, and by every check after that', async () => {
  // A time that utimes can restore exactly.
  utimesSync(binary(), 1e9, 1e9);
  await writeManifest(folder, ['bin/tool']);
  writeFileSync(binary(), 'y'.repeat(5000));
  utimesSync(binary(), 1e9, 1e9);
  expect(await findDamage(folder)).toBeUndefined();
  expect(await findDamage(folder, true)).toBe('bin/tool was altered');
  expect(await findDamage(folder)).toBe('bin/tool was altered');
  writeFileSync(binary(), 'x'.repeat(5000));
  expect(await findDamage(folder)).toBeUndefined();
});

test('a file that was only touched is intact', async () => {
  utimesSync(binary(), new Date(), new Date(Date.now() + 60_000));
  expect(await findDamage(folder)).toBeUndefined();
});

test('the manifest may be in another folder', async () => {
  const elsewhere = join(folder, 'elsewhere.json');
  expect(await findDamage(folder, false, elsewhere)).toBe('its installation was not completed');
  await writeManifest(folder, ['bin/tool'], elsewhere);
  rmSync(join(folder, '.stamp.json'));
  expect(await findDamage(folder, true, elsewhere)).toBeUndefined();
});

test('a damaged manifest counts as missing', async () => {
  appendFileSync(join(folder, '.stamp.json'), '}');
  expect(await findDamage(folder)).toBe('its installation was not completed');
});
