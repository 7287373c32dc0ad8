import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { deployedFiles } from '../../../engine/deployed.ts';
import { plantedKeys } from '../../../preview/planted.ts';
import { ROOT } from '../../../console/home-paths.ts';

const URN = 'urn:pulumi:dev::switchyard::docker:index/container:Container::gateway-0';
const UPLOADS = [
  { file: '/etc/switchyard/config.yaml', content: 'model_list: []' },
  { file: '/run/secrets/GROQ_API_KEY', content: 'the-key-itself' },
  { file: '/run/secrets/client-keys.json', content: '{"keys":[]}' },
];

describe('the files of a deployed gateway', () => {
  const secret = {
    '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
    plaintext: JSON.stringify(UPLOADS),
  };

  test.each([
    ['encrypted with the keys beside them', secret],
    ['plain', UPLOADS],
  ])('%s: the plain ones alone', (_, uploads) => {
    const files = deployedFiles([
      { urn: URN, type: 'docker:index/container:Container', inputs: { uploads } },
    ]);
    expect(files).toEqual({ '/etc/switchyard/config.yaml': 'model_list: []' });
  });

  test('are unknown where there is none', () => {
    expect(deployedFiles([])).toBeUndefined();
    expect(
      deployedFiles([{ urn: URN, type: 'x', inputs: { uploads: { ciphertext: 'v1:…' } } }]),
    ).toBeUndefined();
  });
});

describe('planted keys', () => {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-planted-'));
  afterAll(() => rmSync(root, { recursive: true }));

  test('are found in what people write, and not in the hashes of lock files', () => {
    expect(plantedKeys(ROOT)).toEqual([]);
    const folder = join(root, 'config-templates');
    const programs = join(root, 'runtimes/edge/programs');
    for (const dir of [folder, programs]) mkdirSync(dir, { recursive: true });
    cpSync(join(ROOT, 'config-templates/catalog.yaml'), join(folder, 'catalog.yaml'));
    const text = `# one\n  key: gsk_${'a1B2'.repeat(13)}\n`;
    writeFileSync(join(programs, 'haproxy.cfg'), text);
    writeFileSync(join(folder, 'package-lock.json'), text);
    expect(plantedKeys(root)).toEqual([
      expect.objectContaining({
        file: 'runtimes/edge/programs/haproxy.cfg',
        line: 2,
        column: 8,
        severity: 'error',
      }),
    ]);
    expect(JSON.stringify(plantedKeys(root))).not.toContain('a1B2');
  });
});
