/** A key in any file of the templates is found; the shipped files contain none. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { findLeakedSecrets } from '../../../preview/leaked-secrets.ts';
import { ROOT } from '../../../console/home-paths.ts';

const KEY = `gsk_${'a1B2'.repeat(13)}`;
const root = mkdtempSync(join(tmpdir(), 'switchyard-leaked-secrets-'));
const FOLDERS = ['config-templates', 'runtimes'];
for (const folder of FOLDERS) cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true }),
)
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  // These never reach a container.
  .filter((name) => !/^runtimes\/\w+\/test\//.test(name))
  // Lock files contain hashes, which look like keys; the catalogue has its own check.
  .filter(
    (name) =>
      !/package-lock\.json$|requirements\.txt$|node\.txt$|^config-templates\/catalog\.yaml$/.test(name),
  );

test('the shipped files contain no key', () => {
  expect(findLeakedSecrets(ROOT)).toEqual([]);
});

test('a key in any file is found, and in all of them at once', () => {
  expect(files.length).toBeGreaterThan(50);
  const texts = files.map((name) => [join(root, name), readFileSync(join(root, name), 'utf8')] as const);
  for (const [path, text] of texts) writeFileSync(path, `${text}\n${KEY}\n`);
  try {
    const wanted = files.toSorted().map((file) => ({
      ...{ file, column: 1 },
      message: expect.stringMatching('a key of Groq'),
    }));
    expect(findLeakedSecrets(root)).toMatchObject(wanted);
  } finally {
    for (const [path, text] of texts) writeFileSync(path, text);
  }
});

test('a key is also found if the catalogue has errors', () => {
  const [catalog, hook] = [
    join(root, 'config-templates/catalog.yaml'),
    join(root, 'runtimes/gateway/image/programs/probe.py'),
  ];
  const texts = [catalog, hook].map((path) => readFileSync(path, 'utf8'));
  writeFileSync(hook, `${texts[1]}# ${KEY}\n`);
  try {
    for (const broken of ['modles: {}\n', 'providers: [\n']) {
      writeFileSync(catalog, `${texts[0]}\n${broken}`);
      expect(findLeakedSecrets(root)).toMatchObject([{ file: 'runtimes/gateway/image/programs/probe.py' }]);
    }
  } finally {
    writeFileSync(catalog, texts[0]!);
    writeFileSync(hook, texts[1]!);
  }
});
