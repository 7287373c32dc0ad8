import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { opencodeCommand } from '../../../client/client-home.ts';
import { opencodePaths, pathsInFolder } from '../../../client/opencode-paths.ts';
import { writeClientFiles } from '../../../client/write-opencode.ts';
import { connect } from '../../../client/connect-files.ts';
import { shippedClient } from '../../harness/client-of.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-connect-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const PORTKEY = { PORTKEY_API_KEY: 'value-portkey' };
const client = shippedClient({
  stack: 'dev',
  keys: { GROQ_API_KEY: 'value-groq', ...PORTKEY },
  settings: { portkey: { configs: { auto: 'pc-1' } } },
});
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const mode = (name: string): number => statSync(join(dir, name)).mode & 0o777;

describe('connect --dir', () => {
  test('writes both files, keys only to files with mode 0600, and prints no key', async () => {
    const result = await connect('dev', client, { dir });
    expect(result.files.map(({ path }) => path)).toEqual(
      ['switchyard-portkey.key', 'auth.json', 'opencode.json'].map((name) => join(dir, name)),
    );
    expect([mode('auth.json'), mode('switchyard-portkey.key')]).toEqual([0o600, 0o600]);
    expect(read('opencode.json')).toContain(`{file:${join(dir, 'switchyard-portkey.key')}}`);
    for (const { key } of Object.values(client.auth)) {
      expect(read('opencode.json')).not.toContain(key);
      expect(JSON.stringify(result)).not.toContain(key);
    }
    expect(result.try).toBe(
      `OPENCODE_CONFIG=${dir}/opencode.json OPENCODE_AUTH_CONTENT="$(cat ${dir}/auth.json)" ${await opencodeCommand(process.cwd())} run -m litellm/mock "hi"`,
    );
  });

  test('a second run changes nothing', async () => {
    await connect('dev', client, { dir });
    const again = await connect('dev', client, { dir });
    expect(again.files.map(({ changed }) => changed)).toEqual([false, false, false]);
  });

  test("--gateway-only removes the providers' keys", async () => {
    await connect('dev', client, { dir });
    await connect('dev', client, { dir, gatewayOnly: true });
    expect(Object.keys(JSON.parse(read('auth.json')) as object)).toEqual(['litellm']);
    expect(read('opencode.json')).not.toContain('x-portkey-api-key');
  });

  test.each([
    ['--gateway-only', client, true],
    ['mode local', shippedClient({ keys: PORTKEY, settings: { portkey: { mode: 'local' } } }), false],
    ['mode off', shippedClient({ keys: PORTKEY, settings: { portkey: { mode: 'off' } } }), false],
    ['a key that is no longer set', shippedClient(), false],
  ])("Portkey's key file is removed with %s, and nothing refers to it", async (_, files, gatewayOnly) => {
    await connect('dev', client, { dir });
    const { removed } = await connect('dev', files, { dir, gatewayOnly });
    expect(removed).toEqual([join(dir, 'switchyard-portkey.key')]);
    expect(readdirSync(dir).sort()).toEqual(['auth.json', 'opencode.json', 'switchyard-client.json']);
    expect(read('auth.json') + read('opencode.json')).not.toMatch(/value-portkey|switchyard-portkey\.key/);
    expect((await connect('dev', files, { dir, gatewayOnly })).removed).toEqual([]);
  });

  test('what we wrote into a file that the user overrides by another one is taken out of it', async () => {
    await connect('dev', client, { dir });
    writeFileSync(join(dir, 'opencode.jsonc'), '{}');
    const { removed } = await connect('dev', client, { dir, gatewayOnly: true });
    expect(removed.sort()).toEqual(
      ['opencode.json', 'switchyard-portkey.key'].map((name) => join(dir, name)),
    );
    expect(readdirSync(dir).sort()).toEqual(['auth.json', 'opencode.jsonc', 'switchyard-client.json']);
  });
});

describe("a user's files", () => {
  test('nothing is written if one of them is malformed', async () => {
    writeFileSync(join(dir, 'opencode.json'), '{ "provider": ');
    await expect(connect('dev', client, { dir })).rejects.toThrow(/not valid JSON, so nothing was changed/);
    expect(() => read('auth.json')).toThrow(/ENOENT/);
    expect(read('opencode.json')).toBe('{ "provider": ');
  });

  test('auth.json gets mode 0600 back, even if its text is unchanged', async () => {
    await connect('dev', client, { dir });
    writeFileSync(join(dir, 'auth.json'), read('auth.json'), { mode: 0o644 });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(dir, 'auth.json'), 0o644);
    await connect('dev', client, { dir });
    expect(mode('auth.json')).toBe(0o600);
  });

  test('a symbolic link stays, and its target is written, whether it exists or not', async () => {
    mkdirSync(join(dir, 'dotfiles'));
    writeFileSync(join(dir, 'dotfiles/opencode.json'), '{"theme": "dark"}');
    symlinkSync('dotfiles/opencode.json', join(dir, 'opencode.json'));
    symlinkSync('dotfiles/auth.json', join(dir, 'auth.json'));
    await connect('dev', client, { dir });
    expect(lstatSync(join(dir, 'opencode.json')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(dir, 'auth.json')).isSymbolicLink()).toBe(true);
    expect(JSON.parse(read('dotfiles/opencode.json'))).toMatchObject({
      theme: 'dark',
      model: 'groq-direct/openai/gpt-oss-20b',
    });
    expect(mode('dotfiles/auth.json')).toBe(0o600);
  });

  test('opencode.jsonc is used if the user has it', async () => {
    writeFileSync(join(dir, 'opencode.jsonc'), '{\n  // mine\n  "theme": "dark"\n}\n');
    await connect('dev', client, { dir });
    expect(read('opencode.jsonc')).toContain('// mine');
    expect(() => read('opencode.json')).toThrow(/ENOENT/);
  });

  test('a model that is set in a base layer is not overridden', async () => {
    writeFileSync(join(dir, 'opencode.json'), '{"model": "anthropic/mine"}');
    writeFileSync(join(dir, 'opencode.jsonc'), '{}');
    await connect('dev', client, { dir });
    expect(JSON.parse(read('opencode.jsonc'))).not.toHaveProperty('model');
  });
});

describe('paths', () => {
  test('are in the XDG folders, else in the home folder', async () => {
    const xdg = await opencodePaths({
      HOME: '/home/me',
      XDG_CONFIG_HOME: dir,
      XDG_DATA_HOME: join(dir, 'data'),
    });
    expect([xdg.config, xdg.auth]).toEqual([
      join(dir, 'opencode/opencode.json'),
      join(dir, 'data/opencode/auth.json'),
    ]);
    const plain = await opencodePaths({ HOME: dir });
    expect([plain.config, plain.auth]).toEqual([
      join(dir, '.config/opencode/opencode.json'),
      join(dir, '.local/share/opencode/auth.json'),
    ]);
  });

  test('a missing folder is created', async () => {
    await writeClientFiles(await pathsInFolder(join(dir, 'a/b')), client);
    expect(read('a/b/auth.json')).toContain('value-groq');
  });
});
