/** Several stacks and one client: which stack owns the files, and what remains of the previous stack after a switch. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'jsonc-parser';
import type { StackClient } from '../../../domain/read/outputs-reader.ts';
import type { Owner } from '../../../client/client-record.ts';
import { connect, writeUnlessOwned } from '../../../client/connect-files.ts';
import { describeLeftAlone } from '../../../client/connect-text.ts';
import type { Connected, ConnectedOrNot } from '../../../client/connect-types.ts';
import { shippedClient } from '../../harness/client-of.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-switch-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Stack {
  owner: Owner;
  client: StackClient;
}
const keys = { GROQ_API_KEY: 'value-groq' };
const dev: Stack = {
  owner: { stack: 'dev', endpoint: 'http://127.0.0.1:4000', backend: 'here' },
  client: shippedClient({ stack: 'dev', keys, masterKey: 'value-dev' }),
};
/** A production stack without keys serves no model, not even the mock. */
const prod: Stack = {
  owner: { stack: 'prod', endpoint: 'http://127.0.0.1:5000', backend: 'here' },
  client: shippedClient({ stack: 'prod', settings: { production: true }, masterKey: 'value-prod' }),
};

let deployed: string[];
beforeEach(() => {
  deployed = ['dev', 'prod'];
});
const up = ({ owner, client }: Stack, folder = dir): Promise<ConnectedOrNot> =>
  writeUnlessOwned(owner.stack, client, { dir: folder, owner }, (other) =>
    Promise.resolve(deployed.includes(other.stack)),
  );
const connectTo = ({ owner, client }: Stack, folder = dir): Promise<Connected> =>
  connect(owner.stack, client, { dir: folder, owner });

interface Config {
  enabled_providers?: string[];
  disabled_providers?: string[];
  model?: string;
  theme?: string;
  provider: Record<string, { name: string; models: Record<string, unknown> }>;
}
const RECORD = 'switchyard-client.json';
const read = (name: string, folder = dir): string => readFileSync(join(folder, name), 'utf8');
const config = (folder = dir): Config => parse(read('opencode.json', folder)) as Config;
const put = (name: string, value: unknown): void =>
  writeFileSync(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value, null, 2));
const edit = (change: (config: Config) => void): void => {
  const value = config();
  change(value);
  put('opencode.json', value);
};
const snapshot = (folder = dir): string[] =>
  ['opencode.json', 'auth.json', RECORD].map((name) => read(name, folder));

test('precondition: a production stack without keys serves no model', () => {
  expect(prod.client.config.disabled_providers).toContain('litellm');
  expect(dev.client.config.enabled_providers).toEqual(['litellm', 'groq-direct']);
});

describe('up of another stack', () => {
  test('does not change the files, and reports which stack owns them and how to switch', async () => {
    await up(dev);
    const before = snapshot();
    const { connected, leftAlone } = await up(prod);
    expect(connected).toBeUndefined();
    expect(leftAlone).toEqual({
      file: join(dir, 'opencode.json'),
      stack: 'dev',
      endpoint: 'http://127.0.0.1:4000',
      command: `./switchyard connect prod --dir ${dir}`,
    });
    expect(describeLeftAlone(leftAlone!)).toBe(
      `not changed: ${dir}/opencode.json belongs to stack dev (http://127.0.0.1:4000); to switch: ./switchyard connect prod --dir ${dir}`,
    );
    expect(snapshot()).toEqual(before);
    expect((await up(dev)).connected?.files.map(({ changed }) => changed)).toEqual([false, false]);
  });

  test('writes them if the owner is no longer deployed', async () => {
    await up(dev);
    deployed = ['prod'];
    expect((await up(prod)).connected).toMatchObject({ stack: 'prod', switchedFrom: 'dev' });
    expect((await up(dev)).leftAlone?.stack).toBe('prod');
  });

  test('a stack of the same name in another backend is a different stack', async () => {
    await up(dev);
    const twin = { ...dev, owner: { ...dev.owner, backend: 'elsewhere' } };
    expect((await up(twin)).leftAlone?.stack).toBe('dev');
    await connectTo(twin);
    expect((await up(dev)).leftAlone?.stack).toBe('dev');
  });

  test('may write to another folder: each folder has its own owner', async () => {
    const other = join(dir, 'other');
    mkdirSync(other);
    await up(dev);
    expect((await up(prod, other)).connected?.stack).toBe('prod');
    expect((await up(dev, other)).leftAlone?.stack).toBe('prod');
    expect((await up(dev)).connected?.stack).toBe('dev');
  });
});

describe('connect', () => {
  test('switches to another stack and back completely, also if the other one serves no model', async () => {
    await up(dev);
    const first = config();
    const switched = await connectTo(prod);
    expect(switched).toMatchObject({ switchedFrom: 'dev', on: [] });
    expect(config().disabled_providers).toContain('litellm');
    expect(read('auth.json')).not.toMatch(/value-dev|value-groq/);
    expect((await up(dev)).leftAlone?.stack).toBe('prod');
    const back = await connectTo(dev);
    expect(back).toMatchObject({
      switchedFrom: 'prod',
      on: ['litellm', 'groq-direct'],
      switchedOff: [],
      notes: [],
    });
    expect(config()).toEqual(first);
  });

  test("preserves the user's edits in between, including comments and entries equal to ours", async () => {
    put(
      'opencode.json',
      '{\n  // mine\n  "theme": "dark",\n  "enabled_providers": ["ollama", "openai-direct"],\n  "disabled_providers": ["bedrock", "portkey"]\n}\n',
    );
    await connectTo(dev);
    edit((value) => value.disabled_providers!.push('azure'));
    put('opencode.json', read('opencode.json').replace('{', '{\n  // mine'));
    await connectTo(prod);
    expect(config().enabled_providers).toEqual(['ollama', 'openai-direct']);
    await connectTo(dev);
    expect(config().enabled_providers).toEqual(['ollama', 'openai-direct', 'litellm', 'groq-direct']);
    expect(config().disabled_providers).toEqual(expect.arrayContaining(['bedrock', 'portkey', 'azure']));
    expect(config().disabled_providers).not.toContain('litellm');
    expect(read('opencode.json')).toContain('// mine');
    // All eight have keys now: the remaining entries of the list are the user's.
    const all = shippedClient({
      stack: 'dev',
      keys: Object.fromEntries(
        ['OPENAI', 'ANTHROPIC', 'GROQ', 'DEEPSEEK', 'OPENROUTER', 'TOGETHER', 'PORTKEY'].map((name) => [
          `${name}_API_KEY`,
          'value',
        ]),
      ),
    });
    await connectTo({ ...dev, client: all });
    expect(config().disabled_providers).toEqual(['bedrock', 'portkey', 'azure']);
  });

  test('reports a provider that the user disabled: that it is off, and where', async () => {
    await connectTo(dev);
    edit((value) => value.disabled_providers!.unshift('litellm'));
    for (const stack of [dev, dev, prod, dev]) {
      const result = await connectTo(stack);
      expect(config().disabled_providers).toContain('litellm');
      if (stack === prod) continue;
      expect(result.on).toEqual(['groq-direct']);
      expect(result.off).toContain('litellm');
      expect(result.switchedOff).toEqual([
        {
          provider: 'litellm',
          list: 'disabled_providers',
          where: expect.stringContaining(`${dir}/opencode.json:`),
        },
      ]);
    }
    const { where } = (await connectTo(dev)).switchedOff[0]!;
    const [line, column] = where.split(':').slice(-2).map(Number);
    expect(
      read('opencode.json')
        .split('\n')
        [line! - 1]!.slice(column! - 1),
    ).toMatch(/^"litellm"/);
    edit(
      (value) => (value.disabled_providers = value.disabled_providers!.filter((name) => name !== 'litellm')),
    );
    expect((await connectTo(dev)).on).toEqual(['litellm', 'groq-direct']);
  });

  test('a provider that was disabled before the first connect stays disabled, and is not the default model', async () => {
    put('opencode.json', { disabled_providers: ['groq-direct'] });
    const result = await connectTo(dev);
    expect(result.on).toEqual(['litellm']);
    expect(result.try).toContain('-m litellm/mock');
    expect(config().model).toBeUndefined();
  });
});

describe('files of a release without a record', () => {
  /** Files as such a release left them: without a record, and with its entries in disabled_providers. */
  const unrecorded = async (stack: Stack, disabled: string[] = []): Promise<void> => {
    await connectTo(stack);
    rmSync(join(dir, RECORD));
    edit((value) => (value.disabled_providers = [...value.disabled_providers!, ...disabled]));
  };

  test('belong to the stack that their entries name', async () => {
    await unrecorded(dev);
    expect((await up(prod)).leftAlone?.stack).toBe('dev');
    expect((await up(dev)).connected?.switchedOff).toEqual([]);
  });

  test('litellm is switched on, with no note, if a stack without models had disabled it', async () => {
    await unrecorded(prod);
    const { on, notes } = await connectTo(dev);
    expect([on, notes]).toEqual([['litellm', 'groq-direct'], []]);
  });

  test('litellm that stayed in the list is enabled once, with a note; a later entry counts as the user’s', async () => {
    await unrecorded(dev, ['litellm']);
    const { connected } = await up(dev);
    expect(connected?.on).toEqual(['litellm', 'groq-direct']);
    expect(connected?.notes).toEqual([
      expect.stringContaining('litellm was removed from disabled_providers'),
    ]);
    expect(config().disabled_providers).not.toContain('litellm');
    edit((value) => value.disabled_providers!.push('litellm'));
    expect((await up(dev)).connected).toMatchObject({ on: ['groq-direct'], notes: [] });
  });

  test('a provider with its own key was disabled by the user and stays disabled', async () => {
    await unrecorded(dev, ['groq-direct']);
    expect((await connectTo(dev)).switchedOff).toMatchObject([{ provider: 'groq-direct' }]);
  });

  test('an outdated record is ignored if such a release has switched the stack since', async () => {
    await connectTo(prod);
    const record = read(RECORD);
    await connectTo(dev);
    put(RECORD, record);
    edit((value) => value.disabled_providers!.push('litellm'));
    expect((await up(prod)).leftAlone?.stack).toBe('dev');
    expect((await up(dev)).connected?.on).toContain('litellm');
  });
});

describe('the record', () => {
  test('is readable only by the user, contains no key, and does not change', async () => {
    await connectTo(dev);
    expect(statSync(join(dir, RECORD)).mode & 0o777).toBe(0o600);
    const text = read(RECORD);
    for (const { key } of Object.values(dev.client.auth)) expect(text).not.toContain(key);
    expect(JSON.parse(text)).toMatchObject({ version: 2, owner: dev.owner });
    await connectTo(dev);
    expect(read(RECORD)).toBe(text);
  });

  test.each([
    ['{', 'it is not JSON'],
    ['{"version": 4}', 'version'],
    [
      '{"version": 1, "owner": {"stack": "dev"}, "added": {"enabled_providers": "x"}}',
      'added.enabled_providers',
    ],
  ])('is recreated if it is unreadable (%s); the owner is taken from the entries', async (text, problem) => {
    await connectTo(dev);
    put(RECORD, text);
    expect((await up(prod)).leftAlone?.stack).toBe('dev');
    expect(read(RECORD)).toBe(text);
    const { connected } = await up(dev);
    expect(connected?.notes).toEqual([
      expect.stringMatching(`${RECORD} was unreadable and was recreated: .*${problem}`),
    ]);
    expect(connected?.on).toEqual(['litellm', 'groq-direct']);
    expect((await up(dev)).connected?.notes).toEqual([]);
  });

  test('is ignored if the user has removed the files', async () => {
    await connectTo(dev);
    rmSync(join(dir, 'opencode.json'));
    expect((await up(prod)).connected?.stack).toBe('prod');
  });
});
