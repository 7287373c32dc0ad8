import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isStackName } from '../../../domain/schema/stack-name-rule.ts';
import { createStack, declareStack } from '../../../engine/new-stack.ts';
import { readRawConfig } from '../../../engine/stack-settings.ts';

const saved = { ...process.env };
let folder: string;
const settings = () => readdirSync(folder).filter((name) => name.startsWith('Pulumi.'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-new-'));
  writeFileSync(join(folder, 'Pulumi.dev.yaml'), 'config:\n  switchyard:port: "24000"\n');
  mkdirSync(join(folder, 'backend'));
  process.env.PULUMI_BACKEND_URL = `file://${join(folder, 'backend')}`;
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(folder, { recursive: true });
});

describe('names', () => {
  test.each(['staging', 'team-a', 'v1.2', 'a__b', 'a--b', '7'])('%s is allowed', (name) => {
    expect(isStackName(name)).toBe(true);
  });

  test.each([
    'Staging',
    '',
    '-a',
    'a-',
    'a.',
    '_a',
    'a..b',
    'a___b',
    'a._b',
    'a/b',
    '../a',
    'a b',
    'ä',
    'a'.repeat(101),
  ])('%j is refused, and nothing is written', async (name) => {
    await expect(createStack(name, {}, folder)).rejects.toThrow('invalid stack name');
    await expect(declareStack(name, 24100, () => undefined, folder)).rejects.toThrow('invalid stack name');
    expect(settings()).toEqual(['Pulumi.dev.yaml']);
  });
});

test('a new stack gets its own file, with a port that is free and not that of another stack', async () => {
  writeFileSync(join(folder, 'Pulumi.prod.yaml'), 'config:\n  switchyard:port: "4000"\n');
  const { file, bind, port } = await createStack('staging', {}, folder);
  expect([file, bind]).toEqual(['Pulumi.staging.yaml', '127.0.0.1']);
  expect(port).toBeGreaterThan(4000);
  expect(port % 100).toBe(0);
  expect(readRawConfig('staging', folder).config).toEqual({ port: String(port) });
  expect(readFileSync(join(folder, file), 'utf8')).toContain('--stack staging');
});

test('the address is written where it is not the default', async () => {
  await createStack('staging', { bind: '0.0.0.0', port: 24100 }, folder);
  expect(readRawConfig('staging', folder).config).toEqual({ bind: '0.0.0.0', port: '24100' });
});

test('a name that exists is refused and its file is unchanged', async () => {
  const before = readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8');
  await expect(createStack('dev', {}, folder)).rejects.toMatchObject({
    message: 'stack dev exists already',
    command: './switchyard up dev',
  });
  expect(readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8')).toBe(before);
});

test('a name that exists in the backend only is refused', async () => {
  const stacks = join(folder, 'backend', '.pulumi', 'stacks', 'switchyard');
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(stacks, 'staging.json'), '{"version":3,"checkpoint":{}}');
  await expect(createStack('staging', {}, folder)).rejects.toThrow('exists already in the backend');
  expect(settings()).toEqual(['Pulumi.dev.yaml']);
});

test('the port of another stack is refused on the same address, and allowed on another one', async () => {
  await expect(createStack('staging', { port: 24000 }, folder)).rejects.toThrow(
    'port 24000 is in use by the stack dev (Pulumi.dev.yaml)',
  );
  await expect(createStack('staging', { port: 24000, bind: '0.0.0.0' }, folder)).rejects.toThrow(
    'the stack dev',
  );
  expect(settings()).toEqual(['Pulumi.dev.yaml']);
  await createStack('staging', { port: 24000, bind: '127.0.0.2' }, folder);
  expect(readRawConfig('staging', folder).config).toEqual({ bind: '127.0.0.2', port: '24000' });
});

test('a port that is in use on this host is refused', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  const { port } = server.address() as { port: number };
  try {
    await expect(createStack('staging', { port }, folder)).rejects.toThrow(`port ${port} is in use by`);
    expect(settings()).toEqual(['Pulumi.dev.yaml']);
  } finally {
    server.close();
  }
});

test('`up --port` accepts a stack that has that port, and refuses another one', async () => {
  await declareStack('dev', 24000, () => undefined, folder);
  await expect(declareStack('dev', 24001, () => undefined, folder)).rejects.toMatchObject({
    found: 'port 24000',
  });
});
