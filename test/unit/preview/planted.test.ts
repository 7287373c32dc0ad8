/** A key that was planted in any file of the templates is found; what is shipped holds none. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { plantedKeys } from '../../../../cli/preview/planted.ts';
import { ROOT } from '../../../../stacks/load.ts';

const KEY = `gsk_${'a1B2'.repeat(13)}`;
const root = mkdtempSync(join(tmpdir(), 'switchyard-planted-'));
const folder = join(root, 'config-templates');
cpSync(join(ROOT, 'config-templates'), folder, { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  // Of hashes, which look like keys; and the catalogue, which has its own check.
  .filter((name) => !/package-lock\.json$|requirements\.txt$|node\.txt$|^catalog\.yaml$/.test(name));

test('there is none in what is shipped', () => {
  expect(plantedKeys(ROOT)).toEqual([]);
});

test.each(files)('in %s', (name) => {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${text}\n${KEY}\n`);
  try {
    expect(plantedKeys(root)).toMatchObject([
      { file: `config-templates/${name}`, column: 1, message: expect.stringContaining('a key of Groq') },
    ]);
  } finally {
    writeFileSync(path, text);
  }
});

test('also where the catalogue has errors', () => {
  const [catalog, hook] = [join(folder, 'catalog.yaml'), join(folder, 'gateway/probe.py')];
  const texts = [catalog, hook].map((path) => readFileSync(path, 'utf8'));
  writeFileSync(hook, `${texts[1]}# ${KEY}\n`);
  try {
    for (const broken of ['modles: {}\n', 'providers: [\n']) {
      writeFileSync(catalog, `${texts[0]}\n${broken}`);
      expect(plantedKeys(root)).toMatchObject([{ file: 'config-templates/gateway/probe.py' }]);
    }
  } finally {
    writeFileSync(catalog, texts[0]!);
    writeFileSync(hook, texts[1]!);
  }
});
