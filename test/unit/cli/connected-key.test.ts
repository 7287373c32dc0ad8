/** What other commands do with client files that have one of the stack's keys. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectClients } from '../../../cli/connect.ts';
import { connectOff } from '../../../cli/connect-off.ts';
import { connectUnlessOwned } from '../../../cli/connect-unless-owned.ts';
import { ownerOf } from '../../../cli/owner.ts';
import { checkOpencode } from '../../../client/check-connected.ts';
import { clientWithKey } from '../../../client/client-with-key.ts';
import { connect } from '../../../client/connect-files.ts';
import { describeEach } from '../../../client/connect-text.ts';
import { checkTool } from '../../../client/tools/check-tool.ts';
import { Output } from '../../../console/output.ts';
import type { RawOutputs } from '../../../domain/read/outputs-reader.ts';
import type { OpencodeConfig } from '../../../domain/render/opencode-files.ts';
import { shippedOutputs } from '../../harness/client-of.ts';

const ENDPOINT = 'http://127.0.0.1:1';
let dir: string;
let said: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-key-'));
  said = '';
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const out = new Output({
  streams: { stdout: { write: () => true }, stderr: { write: (text) => (said += text) } },
});

/** The outputs of a stack with these values of keys. */
function outputs(keys?: Record<string, string>): RawOutputs {
  const { client, clientFiles } = shippedOutputs({
    ...{ stack: 'dev', endpoint: ENDPOINT, masterKey: 'sk-master-1', keys: { GROQ_API_KEY: 'g-1' } },
    settings: { keys: { alice: { models: ['groq-mixtral'] } } },
  });
  const basics = { endpoint: ENDPOINT, openaiBaseUrl: `${ENDPOINT}/v1`, masterKey: 'sk-master-1' };
  return { ...basics, models: [], leftOut: [], client, clientFiles, ...(keys ? { keys } : {}) };
}

const FIRST = { default: 'sk-default-1', alice: 'sk-alice-1' };
const NEXT = { default: 'sk-default-2', alice: 'sk-alice-2' };

async function connectWith(alias?: string, from = outputs(FIRST)): Promise<void> {
  const files = clientWithKey('dev', from, alias);
  await connect('dev', files, { dir, owner: ownerOf('dev', ENDPOINT, files.key) });
}
const auth = (): Record<string, { key: string }> =>
  JSON.parse(readFileSync(join(dir, 'auth.json'), 'utf8')) as Record<string, { key: string }>;
const keys = (): Record<string, string> =>
  Object.fromEntries(Object.entries(auth()).map(([name, { key }]) => [name, key]));

describe('`up` and a rotation', () => {
  test.each([
    ['default', { litellm: 'sk-default-2', 'groq-direct': 'g-1' }],
    ['alice', { litellm: 'sk-alice-2' }],
    ['master', { litellm: 'sk-master-1', 'groq-direct': 'g-1' }],
  ])('write the value of the same key: %s', async (alias, expected) => {
    await connectWith(alias);
    const { connected } = await connectUnlessOwned(out, 'dev', outputs(NEXT), { dir });
    expect(keys()).toEqual(expected);
    expect([connected?.key, said.includes('your key')]).toEqual([alias, false]);
  });

  test('replace the master key of an older stack by the key default', async () => {
    await connectWith(undefined, outputs());
    expect(keys().litellm).toBe('sk-master-1');
    await connectUnlessOwned(out, 'dev', outputs(NEXT), { dir });
    expect(keys().litellm).toBe('sk-default-2');
    expect(said).toBe('');
  });

  test('leave files alone whose key was revoked, and name the command', async () => {
    await connectWith('alice');
    const { connected, leftAlone } = await connectUnlessOwned(out, 'dev', outputs({ default: 'sk-d' }), {
      dir,
    });
    expect([connected, leftAlone]).toEqual([undefined, undefined]);
    expect(keys()).toEqual({ litellm: 'sk-alice-1' });
    expect(said).toBe(
      'warning: the files of opencode have the key "alice", which dev does not accept any more: ./switchyard connect dev\n',
    );
  });

  test.each([false, true])(
    'write nothing after `connect --off`, until `connect` (was connected: %s)',
    async (was) => {
      if (was) await connectWith();
      for (let times = 0; times < 2; times += 1)
        await connectOff(out, undefined, { clients: ['opencode'], dir });
      expect(await connectUnlessOwned(out, 'dev', outputs(NEXT), { dir })).toEqual({
        off: { file: join(dir, 'opencode.json'), command: `./switchyard connect dev --dir ${dir}` },
      });
      expect(() => auth()).toThrow('ENOENT');
      await connectWith();
      const { connected } = await connectUnlessOwned(out, 'dev', outputs(NEXT), { dir });
      expect([connected?.stack, keys().litellm]).toEqual(['dev', 'sk-default-2']);
    },
  );

  test('of a virtual key write no files that belong to no stack', async () => {
    expect(await connectUnlessOwned(out, 'dev', outputs(NEXT), { dir, onlyOwn: true })).toEqual({});
    expect(() => auth()).toThrow('ENOENT');
  });
});

test('switching between keys takes out the providers of the one, and restores them', async () => {
  const models = (): string[] => {
    const { provider } = JSON.parse(readFileSync(join(dir, 'opencode.json'), 'utf8')) as OpencodeConfig;
    return Object.keys(provider.litellm!.models);
  };
  await connectWith();
  expect(models().length).toBeGreaterThan(1);
  await connectWith('alice');
  expect([keys(), models()]).toEqual([{ litellm: 'sk-alice-1' }, ['groq-mixtral']]);
  await connectWith();
  expect(keys()).toEqual({ litellm: 'sk-default-1', 'groq-direct': 'g-1' });
});

test('`connect --check` compares with the key of the record, and names it in the command', async () => {
  await connectWith('alice');
  const check = async (from: RawOutputs) =>
    (
      await checkOpencode({ dir }, 'dev', ({ key }) => Promise.resolve(clientWithKey('dev', from, key)))
    ).problems.filter(({ what }) => what.includes('not current'));
  expect(await check(outputs(FIRST))).toEqual([]);
  expect(await check(outputs(NEXT))).toEqual([
    {
      what: `${dir}/auth.json is not current: a key has changed`,
      command: `./switchyard connect dev --key alice --dir ${dir}`,
    },
  ]);
});

test('another client gets the key and its models alone, and `connect --check` finds both again', async () => {
  const client = clientWithKey('dev', outputs(FIRST), 'alice');
  const owner = ownerOf('dev', ENDPOINT, client.key);
  const [tool] = await connectClients(['codex'], { stack: 'dev', client, owner, options: { dir } });
  expect(tool).toMatchObject({ client: 'codex', key: 'alice', model: 'groq-mixtral' });
  expect(describeEach([tool!])).toContain('\nkey        alice\n');
  expect(readFileSync(join(dir, 'switchyard.key'), 'utf8')).toBe('sk-alice-1\n');
  const check = async (from: RawOutputs) => {
    const place = { home: dir, env: {}, dir };
    const { problems } = await checkTool('codex', place, 'dev', ({ key }) =>
      Promise.resolve(clientWithKey('dev', from, key)),
    );
    return problems.filter(({ what }) => what.includes('not current'));
  };
  expect(await check(outputs(FIRST))).toEqual([]);
  expect(await check(outputs(NEXT))).toEqual([
    {
      what: `${dir}/switchyard.key is not current`,
      command: './switchyard connect dev --key alice --client codex',
    },
  ]);
});
