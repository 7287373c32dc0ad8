import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { nextPort } from '../../../domain/plan/next-port.ts';
import { checkStackName, noSuchStack, requireStack } from '../../../engine/stack-name.ts';
import { stacksInFolder } from '../../../engine/state-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-stacks-'));
for (const stack of ['dev', 'prod']) writeFileSync(join(folder, `Pulumi.${stack}.yaml`), '');
writeFileSync(join(folder, 'Pulumi.yaml'), '');
afterAll(() => rmSync(folder, { recursive: true }));

test('names with a settings file are accepted', () => {
  expect(() => checkStackName('prod', folder)).not.toThrow();
});

test.each(['xyz', '', '../dev', 'dev prod', '--yes'])('%j is refused with the existing names', (name) => {
  let error: unknown;
  try {
    checkStackName(name, folder);
  } catch (thrown) {
    error = thrown;
  }
  const create = name === 'xyz' ? ['or a new one: ./switchyard stack new xyz'] : [];
  expect(error).toMatchObject({ allowed: ['dev', 'prod', ...create] });
});

describe('a name that no stack has', () => {
  const known = ['dev', 'prod', 'staging'];

  test('is reported with the probable name, and the same command with it', () => {
    const error = noSuchStack('stagin', { known, args: ['status', 'stagin', '--json'] });
    expect(error).toMatchObject({
      message: 'there is no stack stagin; did you mean staging?',
      command: './switchyard status staging --json',
      allowed: [...known, 'or a new one: ./switchyard stack new stagin'],
    });
  });

  test('is not inserted into a command line that needs quotes', () => {
    const error = noSuchStack('stagin', { known, args: ['connect', 'stagin', '--dir', 'my folder'] });
    expect(error.command).toBe('repeat the command with staging');
  });

  test('that resembles none is reported with the command that creates it', () => {
    const create = './switchyard stack new lab';
    expect(noSuchStack('lab', { known })).toMatchObject({
      message: 'there is no stack lab',
      command: create,
      allowed: [...known, `or a new one: ${create}`],
    });
  });

  test('is reported without that command where creating one is no answer', () => {
    expect(noSuchStack('lab', { known, creates: false })).toMatchObject({
      allowed: known,
      command: undefined,
    });
  });

  test('is refused by read-only commands, and nothing is created', async () => {
    const [home, backend] = [join(folder, 'home'), join(folder, 'backend')];
    mkdirSync(backend);
    const before = { ...process.env };
    try {
      Object.assign(process.env, { SWITCHYARD_HOME: home, PULUMI_BACKEND_URL: `file://${backend}` });
      await expect(requireStack('deev')).rejects.toMatchObject({
        message: 'there is no stack deev; did you mean dev?',
      });
      await expect(requireStack('dev')).rejects.toMatchObject({
        message: 'stack dev is not deployed yet',
        command: './switchyard up dev',
      });
      expect(existsSync(home)).toBe(false);
    } finally {
      process.env = before;
    }
  });
});

test('the stacks of a backend in a folder are its state files, compressed or not', () => {
  const stacks = join(folder, 'state', '.pulumi', 'stacks', 'switchyard');
  mkdirSync(stacks, { recursive: true });
  for (const name of ['dev.json', 'dev.json.bak', 'prod.json.gz', 'dev.json.attrs'])
    writeFileSync(join(stacks, name), '');
  expect(stacksInFolder(join(folder, 'state'))).toEqual(['dev', 'prod']);
  expect(stacksInFolder(join(folder, 'none'))).toEqual([]);
});

test.each([
  [[], 4000],
  [[4000], 4100],
  [[4000, 4100, 4300], 4200],
])('if the ports %j are taken, the next stack gets %i', (taken, port) => expect(nextPort(taken)).toBe(port));
