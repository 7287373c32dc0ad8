import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { confirm } from '../../../console/confirm.ts';
import { countOf, describeDeployment, isDeployed } from '../../../engine/list-stacks.ts';
import { planRemoval } from '../../../engine/remove-stack.ts';
import type { StateResource } from '../../../engine/state-file.ts';

const labels = [{ label: 'switchyard.stack', value: 'lab' }];
const resource = (type: string, name: string, more: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:lab::switchyard::${type}::${name}`,
  type,
  ...more,
});
const STACK = resource('pulumi:pulumi:Stack', 'switchyard-lab', {
  outputs: { endpoint: 'http://127.0.0.1:4000' },
});
const VOLUME = resource('docker:index/volume:Volume', 'data', { inputs: { labels } });
const NETWORK = resource('docker:index/network:Network', 'network', { inputs: { labels } });
const EDGE = resource('docker:index/container:Container', 'edge', { inputs: { labels } });
const INSTANCE = resource('random:index/randomId:RandomId', 'instance', { outputs: { hex: 'aa' } });

const saved = { ...process.env };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-rm-'));
  mkdirSync(join(folder, '.pulumi', 'stacks', 'switchyard'), { recursive: true });
  process.env.PULUMI_BACKEND_URL = `file://${folder}`;
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(folder, { recursive: true });
});
const deployed = (...resources: StateResource[]) =>
  writeFileSync(
    join(folder, '.pulumi', 'stacks', 'switchyard', 'lab.json'),
    JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }),
  );

test('a stack is deployed while Docker has anything of it but its volume', () => {
  expect(isDeployed([STACK, VOLUME, NETWORK])).toBe(true);
  expect(isDeployed([STACK, VOLUME, EDGE])).toBe(true);
  expect(isDeployed([STACK, VOLUME, INSTANCE])).toBe(false);
});

test('the endpoint of a stack that was taken down is not shown', () => {
  expect(describeDeployment('lab', [STACK, EDGE])).toMatchObject({
    deployed: true,
    endpoint: 'http://127.0.0.1:4000',
  });
  expect(describeDeployment('lab', [STACK, VOLUME])).toMatchObject({ deployed: false, endpoint: null });
  expect(describeDeployment('lab', undefined)).toMatchObject({ deployed: null });
  expect(describeDeployment('new', [STACK, EDGE])).toMatchObject({ renamedFrom: 'lab' });
});

test("containers of another deployment of the same name are not counted as the stack's", () => {
  const running = [
    { stack: 'lab', instance: 'aa' },
    { stack: 'lab', instance: 'bb' },
    { stack: 'dev', instance: 'cc' },
  ];
  expect(countOf(running, 'lab', [INSTANCE])).toBe(1);
  expect(countOf(running, 'lab', [])).toBe(2);
  expect(countOf(running, 'renamed', [EDGE])).toBe(2);
});

test.each([
  ['network', NETWORK],
  ['edge', EDGE],
])('a stack whose %s is deployed is not removed', async (_, part) => {
  deployed(STACK, VOLUME, part);
  await expect(planRemoval('lab', folder)).rejects.toMatchObject({
    message: 'stack lab is deployed',
    command: './switchyard down lab',
  });
});

test('one that was taken down can be removed: its state, its file with the keys, not its volume', async () => {
  deployed(STACK, VOLUME);
  const secret = 'config:\n  switchyard:port: "4000"\n  switchyard:GROQ_API_KEY:\n    secure: v1:x\n';
  writeFileSync(join(folder, 'Pulumi.lab.yaml'), secret);
  expect(await planRemoval('lab', folder)).toEqual({
    stack: 'lab',
    inBackend: true,
    volume: 'switchyard-lab-data',
    file: 'Pulumi.lab.yaml',
    keys: ['GROQ_API_KEY'],
  });
});

test('without a terminal nothing is asked: the answer is an option', async () => {
  await expect(confirm('Remove?', './switchyard stack rm lab --yes')).rejects.toMatchObject({
    command: './switchyard stack rm lab --yes',
  });
});
