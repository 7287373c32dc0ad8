/** What the commands do after `pulumi stack rename staging --stack dev`. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createStack } from '../../../engine/new-stack.ts';
import { deployedName, formerPassphrase, refuseRenamed } from '../../../engine/renamed-stack.ts';
import { requireDeclaredStack, requireStack } from '../../../engine/stack-name.ts';
import { resourcesInFolder, type StateResource } from '../../../engine/state-file.ts';

const saved = { ...process.env };
let folder: string;

/** A stack's data volume, as the state has it; Pulumi changes only the URN when it renames a stack. */
const volume = (stack: string, deployedAs: string): StateResource => ({
  urn: `urn:pulumi:${stack}::switchyard::docker:index/volume:Volume::data`,
  type: 'docker:index/volume:Volume',
  inputs: {
    name: `switchyard-${deployedAs}-data`,
    labels: [{ label: 'switchyard.stack', value: deployedAs }],
  },
});
const stacks = () => join(folder, 'backend', '.pulumi', 'stacks', 'switchyard');
const state = (...resources: StateResource[]) =>
  JSON.stringify({ version: 3, checkpoint: { latest: { resources } } });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-renamed-'));
  for (const name of ['PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE']) delete process.env[name];
  Object.assign(process.env, {
    SWITCHYARD_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: `file://${join(folder, 'backend')}`,
  });
  mkdirSync(stacks(), { recursive: true });
  mkdirSync(join(folder, 'home', 'passphrase'), { recursive: true });
  writeFileSync(join(folder, 'home', 'passphrase', 'first'), 'x\n');
  writeFileSync(join(stacks(), 'second.json'), state(volume('second', 'first')));
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(folder, { recursive: true });
});

const WAY_BACK = {
  message: 'stack second was deployed as first and then renamed by pulumi stack rename',
  command: '(eval "$(./switchyard env second)" && pulumi stack rename first --stack second)',
};

test('a renamed stack is refused under its new name, with the command that renames it back', async () => {
  await expect(requireStack('second')).rejects.toMatchObject(WAY_BACK);
  await expect(requireDeclaredStack('second')).rejects.toMatchObject(WAY_BACK);
  expect(() => refuseRenamed('organization/switchyard/second')).toThrow('deployed as first');
});

test('so is its old name, which a second stack must not take', async () => {
  await expect(requireStack('first')).rejects.toMatchObject(WAY_BACK);
  await expect(requireDeclaredStack('first')).rejects.toMatchObject(WAY_BACK);
  await expect(createStack('first', {}, folder)).rejects.toMatchObject(WAY_BACK);
  expect(readdirSync(folder)).toEqual(['backend', 'home']);
});

test('it has the passphrase of its old name until it has its own', () => {
  expect(formerPassphrase('second')).toBe(join(folder, 'home', 'passphrase', 'first'));
  writeFileSync(join(folder, 'home', 'passphrase', 'second'), 'y\n');
  expect(formerPassphrase('second')).toBeUndefined();
  expect(formerPassphrase('first')).toBeUndefined();
});

test('renamed back, all is as before', async () => {
  rmSync(join(stacks(), 'second.json'));
  writeFileSync(join(stacks(), 'first.json.gz'), gzipSync(state(volume('first', 'first'))));
  await expect(requireStack('first')).resolves.toBeUndefined();
});

test('a stack is known by the name in its labels; one without any was not deployed', () => {
  expect(deployedName([{ urn: 'u', type: 'random:index/randomId:RandomId' }, volume('b', 'a')])).toBe('a');
  expect(deployedName([])).toBeUndefined();
});

test("another project's stack of the same name is not read", () => {
  expect(resourcesInFolder('organization/switchyard/second')).toBeDefined();
  expect(resourcesInFolder('organization/other/second')).toBeUndefined();
});

test('a state in an unknown format is no stack that was renamed', () => {
  writeFileSync(join(stacks(), 'second.json'), '{"version":9}');
  expect(resourcesInFolder('second')).toBeUndefined();
  expect(() => refuseRenamed('second')).not.toThrow();
});
