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
import { findDamage, writeStamp } from '../../../bootstrap/stamp.ts';

let folder: string;
const binary = () => join(folder, 'bin', 'tool');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-stamp-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(binary(), 'x'.repeat(5000));
  await writeStamp(folder, ['bin/tool']);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what was stamped is whole', async () => {
  expect(await findDamage(folder)).toBeUndefined();
  expect(await findDamage(folder, true)).toBeUndefined();
});

test('a folder without a stamp was never finished', async () => {
  rmSync(join(folder, '.stamp.json'));
  expect(await findDamage(folder)).toBe('it was never finished');
});

test('a truncated file is noticed', async () => {
  truncateSync(binary(), 100);
  expect(await findDamage(folder)).toBe('bin/tool has 100 bytes instead of 5000');
});

test('a missing file is noticed', async () => {
  rmSync(binary());
  expect(await findDamage(folder)).toBe('bin/tool is missing');
});

test('a file of the same size but other content is noticed', async () => {
  writeFileSync(binary(), 'y'.repeat(5000));
  expect(await findDamage(folder)).toBe('bin/tool was altered');
});

test('one whose time was put back is noticed by a deep look, and by every look from then on', async () => {
  // A time that utimes can put back exactly.
  utimesSync(binary(), 1e9, 1e9);
  await writeStamp(folder, ['bin/tool']);
  writeFileSync(binary(), 'y'.repeat(5000));
  utimesSync(binary(), 1e9, 1e9);
  expect(await findDamage(folder)).toBeUndefined();
  expect(await findDamage(folder, true)).toBe('bin/tool was altered');
  expect(await findDamage(folder)).toBe('bin/tool was altered');
  writeFileSync(binary(), 'x'.repeat(5000));
  expect(await findDamage(folder)).toBeUndefined();
});

test('a file that was only touched is still whole', async () => {
  utimesSync(binary(), new Date(), new Date(Date.now() + 60_000));
  expect(await findDamage(folder)).toBeUndefined();
});

test('a stamp may lie elsewhere, where the folder is not ours', async () => {
  const elsewhere = join(folder, 'elsewhere.json');
  expect(await findDamage(folder, false, elsewhere)).toBe('it was never finished');
  await writeStamp(folder, ['bin/tool'], elsewhere);
  rmSync(join(folder, '.stamp.json'));
  expect(await findDamage(folder, true, elsewhere)).toBeUndefined();
});

test('a damaged stamp counts as none', async () => {
  appendFileSync(join(folder, '.stamp.json'), '}');
  expect(await findDamage(folder)).toBe('it was never finished');
});
