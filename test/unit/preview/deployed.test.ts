import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { deployedFiles, plainOutputs } from '../../../engine/deployed.ts';
import { findLeakedSecrets } from '../../../preview/leaked-secrets.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { olderPlan } from '../../../preview/older-plan.ts';
import { gatewayFiles, stackPlan } from '../../../stacks/container-files.ts';
import { folderFiles } from '../../../stacks/folder-files.ts';
import { shippedInputs } from '../../harness/client-of.ts';

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
  ])('%s: only the files without secrets', (_, uploads) => {
    const files = deployedFiles([
      { urn: URN, type: 'docker:index/container:Container', inputs: { uploads } },
    ]);
    expect(files).toEqual({ '/etc/switchyard/config.yaml': 'model_list: []' });
  });

  test('are undefined if there is no gateway', () => {
    expect(deployedFiles([])).toBeUndefined();
    expect(
      deployedFiles([{ urn: URN, type: 'x', inputs: { uploads: { ciphertext: 'v1:…' } } }]),
    ).toBeUndefined();
  });
});

describe('the outputs in the state', () => {
  test('are read unless they are secret', () => {
    const type = 'pulumi:pulumi:Stack';
    const hidden = {
      '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
      ciphertext: 'v1:…',
    };
    const root = {
      urn: 'x',
      type,
      outputs: { endpoint: 'http://127.0.0.1:1', plan: { version: 1 }, masterKey: hidden },
    };
    expect(plainOutputs([{ urn: URN, type: 'y', outputs: { endpoint: 'other' } }, root])).toEqual({
      endpoint: 'http://127.0.0.1:1',
      plan: { version: 1 },
    });
  });
  test('are empty if there is no stack', () => expect(plainOutputs([])).toEqual({}));
});

test('the plan of a stack of the previous release is reconstructed from its files', () => {
  const { keyNames, ...rest } = shippedInputs({
    keys: { OPENAI_API_KEY: 'x', OPENAI_API_KEY_2: 'y', MISTRAL_API_KEY: 'z' },
  });
  const inputs = { ...rest, keyNames: [...keyNames] };
  const programs = folderFiles(join(ROOT, 'runtimes/gateway/image/programs'), '/etc/switchyard');
  const files = [...gatewayFiles(inputs), ...programs];
  const uploads = files.map(({ path, content }) => ({ file: path, content }));
  const state = (files: unknown) => [{ urn: URN, type: 'z', inputs: { uploads: files } }];
  expect(olderPlan(state(uploads))).toEqual(JSON.parse(JSON.stringify(stackPlan(inputs))));
  expect(olderPlan([])).toBeUndefined();
});

describe('leaked secrets', () => {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-leaked-'));
  afterAll(() => rmSync(root, { recursive: true }));

  test('are found in hand-written files, and not in the hashes of lock files', () => {
    expect(findLeakedSecrets(ROOT)).toEqual([]);
    const folder = join(root, 'config-templates');
    const programs = join(root, 'runtimes/edge/programs');
    for (const dir of [folder, programs]) mkdirSync(dir, { recursive: true });
    cpSync(join(ROOT, 'config-templates/catalog.yaml'), join(folder, 'catalog.yaml'));
    const text = `# one\n  key: gsk_${'a1B2'.repeat(13)}\n`;
    writeFileSync(join(programs, 'haproxy.cfg'), text);
    writeFileSync(join(folder, 'package-lock.json'), text);
    expect(findLeakedSecrets(root)).toEqual([
      expect.objectContaining({
        file: 'runtimes/edge/programs/haproxy.cfg',
        line: 2,
        column: 8,
        severity: 'error',
      }),
    ]);
    expect(JSON.stringify(findLeakedSecrets(root))).not.toContain('a1B2');
  });
});
