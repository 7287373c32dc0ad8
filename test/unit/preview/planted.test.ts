/** A key that was planted in any file of the templates is found; what is shipped holds none. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { plantedKeys } from '../../../preview/planted.ts';
import { ROOT } from '../../../console/home-paths.ts';

const KEY = `gsk_${'a1B2'.repeat(13)}`;
const root = mkdtempSync(join(tmpdir(), 'switchyard-planted-'));
const FOLDERS = ['config-templates', 'runtimes'];
for (const folder of FOLDERS) cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true }),
)
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  // What never reaches a container.
  .filter((name) => !/^runtimes\/\w+\/test\//.test(name))
  // Of hashes, which look like keys; and the catalogue, which has its own check.
  .filter(
    (name) =>
      !/package-lock\.json$|requirements\.txt$|node\.txt$|^config-templates\/catalog\.yaml$/.test(name),
  );

test('there is none in what is shipped', () => {
  expect(plantedKeys(ROOT)).toEqual([]);
});

test.each(files)('in %s', (name) => {
  const path = join(root, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${text}\n${KEY}\n`);
  try {
    expect(plantedKeys(root)).toMatchObject([
      { file: name, column: 1, message: expect.stringContaining('a key of Groq') },
    ]);
  } finally {
    writeFileSync(path, text);
  }
});

test('also where the catalogue has errors', () => {
  const [catalog, hook] = [
    join(root, 'config-templates/catalog.yaml'),
    join(root, 'runtimes/gateway/programs/probe.py'),
  ];
  const texts = [catalog, hook].map((path) => readFileSync(path, 'utf8'));
  writeFileSync(hook, `${texts[1]}# ${KEY}\n`);
  try {
    for (const broken of ['modles: {}\n', 'providers: [\n']) {
      writeFileSync(catalog, `${texts[0]}\n${broken}`);
      expect(plantedKeys(root)).toMatchObject([{ file: 'runtimes/gateway/programs/probe.py' }]);
    }
  } finally {
    writeFileSync(catalog, texts[0]!);
    writeFileSync(hook, texts[1]!);
  }
});
