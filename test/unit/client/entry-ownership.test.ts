/** What happens to a user's own keys, providers and logins if ours have the same name or would hide them. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../client/json-objects.ts';
import { connect } from '../../../client/connect-files.ts';
import { shippedClient } from '../../harness/client-of.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-ownership-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const client = shippedClient({ stack: 'dev', keys: { GROQ_API_KEY: 'value-groq' } });
const withPortkey = shippedClient({
  stack: 'dev',
  keys: { GROQ_API_KEY: 'value-groq', PORTKEY_API_KEY: 'value-portkey' },
});
const write = (name: string, value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  writeFileSync(join(dir, name), text);
  return text;
};
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const json = (name: string): Json => JSON.parse(read(name)) as Json;
const copies = (): string[] => readdirSync(dir).filter((name) => name.includes('before-switchyard'));
const api = (key: string): Json => ({ type: 'api', key });

describe("a user's own key under a name of ours", () => {
  const theirs = { litellm: api('corporate'), portkey: api('my own'), anthropic: api('mine') };

  test('is replaced if we have a key for that name, and copied with mode 0600; others stay', async () => {
    const text = write('auth.json', theirs);
    const { notes } = await connect('dev', client, { dir });
    expect(json('auth.json')).toEqual({
      anthropic: theirs.anthropic,
      portkey: theirs.portkey,
      litellm: client.auth.litellm,
      'groq-direct': api('value-groq'),
    });
    expect(copies()).toEqual(['auth.json.before-switchyard']);
    expect(read('auth.json.before-switchyard')).toBe(text);
    expect(statSync(join(dir, 'auth.json.before-switchyard')).mode & 0o777).toBe(0o600);
    expect(notes).toEqual([
      'enabled_providers was not written: it would hide your own logins: portkey, anthropic',
      'portkey: your entry of that name was kept; ours has no key and was not written',
      'litellm: your key of that name was replaced',
      `your previous version was saved to ${join(dir, 'auth.json.before-switchyard')}`,
    ]);
    expect(notes.join()).not.toContain('corporate');
  });

  test('is also preserved by the second run, which changes nothing', async () => {
    write('auth.json', theirs);
    await connect('dev', client, { dir });
    const config = read('opencode.json');
    const again = await connect('dev', client, { dir });
    expect(again.notes).toEqual([
      'portkey: your entry of that name was kept; ours has no key and was not written',
    ]);
    expect(again.files.map(({ changed }) => changed)).toEqual([false, false]);
    expect(config).not.toContain('"portkey"');
    expect(copies()).toHaveLength(1);
  });

  test('is copied again if ours gets a key later, without overwriting the first copy', async () => {
    write('auth.json', theirs);
    await connect('dev', client, { dir });
    await connect('dev', withPortkey, { dir });
    expect(json('auth.json').portkey).toEqual(api('value-portkey'));
    expect(copies().sort()).toEqual(['auth.json.before-switchyard', 'auth.json.before-switchyard-2']);
    expect(json('auth.json.before-switchyard').litellm).toEqual(theirs.litellm);
    expect(json('auth.json.before-switchyard-2').portkey).toEqual(theirs.portkey);
  });

  test('a login that is not an API key is preserved', async () => {
    write('auth.json', { portkey: { type: 'oauth', refresh: 'r' } });
    await connect('dev', client, { dir });
    expect(json('auth.json').portkey).toEqual({ type: 'oauth', refresh: 'r' });
  });
});

describe('a key of ours', () => {
  test('is replaced without a copy after a rotation', async () => {
    await connect('dev', client, { dir });
    const { notes } = await connect(
      'dev',
      { ...client, auth: { ...client.auth, litellm: { type: 'api', key: 'sk-new' } } },
      { dir },
    );
    expect([notes, copies(), json('auth.json').litellm]).toEqual([[], [], api('sk-new')]);
  });

  test('is recognised by its value if opencode.json was deleted, so --gateway-only removes it', async () => {
    await connect('dev', client, { dir });
    rmSync(join(dir, 'opencode.json'));
    await connect('dev', client, { dir, gatewayOnly: true });
    expect([Object.keys(json('auth.json')), copies()]).toEqual([['litellm'], []]);
  });

  test('is removed with its entry if the provider is no longer in the catalogue', async () => {
    const provider = { ...client.config.provider, 'old-direct': client.config.provider['groq-direct']! };
    const older = {
      config: { ...client.config, provider },
      auth: { ...client.auth, 'old-direct': { type: 'api' as const, key: 'old' } },
    };
    await connect('dev', older, { dir });
    expect(json('auth.json')).toHaveProperty('old-direct');
    await connect('dev', client, { dir });
    expect(json('auth.json')).not.toHaveProperty('old-direct');
    expect(json('opencode.json').enabled_providers).toEqual(['litellm', 'groq-direct']);
  });
});

describe("a user's own provider under a name of ours", () => {
  const entry = {
    npm: 'x',
    options: { baseURL: 'https://proxy.example', apiKey: 'corporate' },
    models: { m: {} },
  };

  test('is replaced as a whole if we have a key for that name, and copied with mode 0600', async () => {
    const text = write('opencode.json', { provider: { litellm: entry } });
    const { notes } = await connect('dev', client, { dir });
    expect((json('opencode.json').provider as Json).litellm).toEqual(client.config.provider.litellm);
    expect(read('opencode.json.before-switchyard')).toBe(text);
    expect(statSync(join(dir, 'opencode.json.before-switchyard')).mode & 0o777).toBe(0o600);
    expect(notes).toEqual([
      'litellm: your entry of that name was replaced',
      `your previous version was saved to ${join(dir, 'opencode.json.before-switchyard')}`,
    ]);
  });

  test('is preserved, with its default model, if ours is off', async () => {
    write('opencode.json', { model: 'portkey/m', provider: { portkey: entry } });
    await connect('dev', client, { dir });
    const { model, provider, disabled_providers: disabled } = json('opencode.json');
    expect([model, (provider as Json).portkey]).toEqual(['portkey/m', entry]);
    expect(disabled).not.toContain('portkey');
  });

  test('nothing is written if the copy cannot be created', async () => {
    const text = write('opencode.json', { provider: { litellm: entry } });
    mkdirSync(join(dir, 'opencode.json.before-switchyard'));
    await expect(connect('dev', client, { dir })).rejects.toThrow(/EISDIR/);
    expect([read('opencode.json'), existsSync(join(dir, 'auth.json'))]).toEqual([text, false]);
  });
});

describe("a user's own logins", () => {
  const login = { anthropic: { type: 'oauth', refresh: 'r' } };

  test.each([[undefined], ['{"$schema": "https://opencode.ai/config.json"}']])(
    'prevent that enabled_providers is written to an empty file (%j)',
    async (text) => {
      if (text) write('opencode.json', text);
      write('auth.json', login);
      const { notes } = await connect('dev', client, { dir });
      expect(json('opencode.json')).not.toHaveProperty('enabled_providers');
      expect(notes).toEqual(['enabled_providers was not written: it would hide your own logins: anthropic']);
      expect((await connect('dev', client, { dir })).notes).toEqual([]);
    },
  );

  test('that were added later cause our enabled_providers to be removed', async () => {
    await connect('dev', client, { dir });
    expect(json('opencode.json').enabled_providers).toEqual(['litellm', 'groq-direct']);
    write('opencode.json', { ...json('opencode.json'), theme: 'dark' });
    write('auth.json', { ...json('auth.json'), ...login });
    const { notes } = await connect('dev', client, { dir });
    expect(json('opencode.json')).not.toHaveProperty('enabled_providers');
    expect(notes).toEqual(['enabled_providers was removed: it would hide your own logins: anthropic']);
  });

  test('are not added to a list in which the user has entries', async () => {
    write('opencode.json', { enabled_providers: ['ollama'] });
    write('auth.json', login);
    await connect('dev', client, { dir });
    expect(json('opencode.json').enabled_providers).toEqual(['ollama', 'litellm', 'groq-direct']);
  });
});
