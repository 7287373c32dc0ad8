import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packFile, unpackFile } from '../../../engine/tar-file.ts';

const OPTIONS = { mode: 0o440, seconds: 1_795_000_000 };

test.each(['', '{"keys":[]}', 'x'.repeat(512), 'ä'.repeat(700)])(
  'tar extracts the file that was packed (case %#)',
  async (text) => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-tar-'));
    try {
      const archive = await packFile('client-keys.json', text, OPTIONS);
      execFileSync('tar', ['-x', '-C', folder], { input: archive });
      const file = join(folder, 'client-keys.json');
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect([statSync(file).mode & 0o777, statSync(file).mtimeMs / 1000]).toEqual([0o440, OPTIONS.seconds]);
      expect(execFileSync('tar', ['-tv', '--numeric-owner'], { input: archive }).toString()).toContain(
        ' 0/0 ',
      );
      // What tar packs is read as well.
      const packed = execFileSync('tar', ['-c', '-C', folder, 'client-keys.json']);
      expect([await unpackFile(archive), await unpackFile(packed)]).toEqual([text, text]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.each(['', 'not found', 'x'.repeat(2000)])('what is no archive is refused (case %#)', async (text) => {
  await expect(unpackFile(Buffer.from(text))).rejects.toThrow('not a tar archive');
});

test('an archive that is cut off is refused', async () => {
  const archive = await packFile('client-keys.json', 'x'.repeat(2000), OPTIONS);
  await expect(unpackFile(archive.subarray(0, 1500))).rejects.toThrow('not a tar archive');
});
