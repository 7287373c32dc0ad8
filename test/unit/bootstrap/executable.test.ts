import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWholeExecutable } from '../../../bootstrap/executable.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-executable-'));
const file = join(folder, 'tool');
afterAll(() => rmSync(folder, { recursive: true }));

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a binary', () => {
  beforeEach(() => copyFileSync('/bin/sh', file));
  const size = statSync('/bin/sh').size;

  test('is whole as it is, and with something appended', async () => {
    expect(await isWholeExecutable(file)).toBe(true);
    truncateSync(file, size + 100);
    expect(await isWholeExecutable(file)).toBe(true);
  });

  test.each([0, 3, 10, 63, 64, 65, 1000, Math.floor(size / 2), size - 5000, size - 1])(
    'that was cut off after %i bytes is not',
    async (length) => {
      truncateSync(file, length);
      expect(await isWholeExecutable(file)).toBe(false);
    },
  );

  test('whose header is garbage is not', async () => {
    writeFileSync(file, Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(200, 0xff)]), { mode: 0o755 });
    expect(await isWholeExecutable(file)).toBe(false);
  });

  test('that may not be executed is not', async () => {
    chmodSync(file, 0o644);
    expect(await isWholeExecutable(file)).toBe(false);
  });
});

test('a script is whole, what is not there is not', async () => {
  rmSync(file, { force: true });
  expect(await isWholeExecutable(file)).toBe(false);
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
  expect(await isWholeExecutable(file)).toBe(true);
});

onLinux('what Linux cannot execute', () => {
  test('is not whole', async () => {
    writeFileSync(file, '<html>', { mode: 0o755 });
    expect(await isWholeExecutable(file)).toBe(false);
  });
});
