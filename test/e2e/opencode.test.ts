/** The real opencode with the files that we write: each of the eight providers receives the right request with only its own key. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import fc from 'fast-check';
import type { StackClient } from '../../domain/read/outputs-reader.ts';
import { gatewayOnly } from '../../client/client-files.ts';
import { type ClientHome, makeHome, requireOpencode } from '../../client/client-home.ts';
import { OpencodeServer } from '../../client/opencode-server.ts';
import { runOpencode, type RunResult } from '../../client/run-opencode.ts';
import { connect } from '../../client/connect-files.ts';
import { ROOT } from '../../console/home-paths.ts';
import { shippedClient } from '../harness/client-of.ts';
import { edits, stacks, steps, Walk } from '../harness/client-walk.ts';
import { type LocalUpstream, startLocalUpstream } from '../harness/local-upstream.ts';
import { SEED, SOAK } from '../harness/soak.ts';

const MINUTE = 60_000;
/** Without any provider's prefix, so that only redaction by value can hide it. */
const key = (name: string): string => `canary-51c7-${name}`;
const KEYS: Record<string, string> = Object.fromEntries(
  ['OPENAI', 'ANTHROPIC', 'GROQ', 'DEEPSEEK', 'OPENROUTER', 'TOGETHER', 'PORTKEY'].map((name) => [
    `${name}_API_KEY`,
    key(name.toLowerCase()),
  ]),
);
const MASTER = key('master');

let upstream: LocalUpstream;
let client: StackClient;
let home: ClientHome;
let bin: string;

beforeAll(async () => {
  upstream = await startLocalUpstream();
  const at = (path: string): { client: string } => ({ client: `${upstream.url}/${path}` });
  client = shippedClient({
    endpoint: `${upstream.url}/litellm`,
    masterKey: MASTER,
    keys: KEYS,
    settings: {
      portkey: { mode: 'cloud', configs: { auto: 'pc-auto-1', 'cheapest-available': 'pc-cheap-1' } },
      baseUrls: {
        openai: at('openai/v1'),
        anthropic: at('anthropic/v1'),
        groq: at('groq/openai/v1'),
        deepseek: at('deepseek/v1'),
        openrouter: at('openrouter/api/v1'),
        together: at('together/v1'),
        portkey: at('portkey/v1'),
      },
    },
  });
  home = await makeHome(client);
  bin = (await requireOpencode(ROOT)).bin;
}, MINUTE);

afterAll(async () => {
  await home?.remove();
  await upstream?.stop();
});

beforeEach(() => upstream.forget());

function run(
  model: string | undefined,
  more: { agent?: string; env?: NodeJS.ProcessEnv; maxFailures?: number } = {},
): Promise<RunResult> {
  return runOpencode({
    bin,
    env: more.env ?? home.env,
    model,
    agent: more.agent,
    prompt: 'hi',
    title: 'test',
    cwd: home.dir,
    timeoutMs: 2 * MINUTE,
    maxFailures: more.maxFailures ?? 3,
  });
}

describe('each of the eight providers', () => {
  // One process for all: its start costs more than all questions.
  let server: OpencodeServer;
  beforeAll(() => void (server = new OpencodeServer({ bin, env: home.env, cwd: home.dir })));
  afterAll(() => server.stop());

  test.each([
    ['litellm/claude-3-5-sonnet', '/litellm/v1/chat/completions', { authorization: `Bearer ${MASTER}` }],
    [
      'portkey/cheapest-available',
      '/portkey/v1/chat/completions',
      { 'x-portkey-api-key': KEYS.PORTKEY_API_KEY, 'x-portkey-config': 'pc-cheap-1' },
    ],
    ['openai-direct/gpt-5.6', '/openai/v1/responses', { authorization: `Bearer ${KEYS.OPENAI_API_KEY}` }],
    ['anthropic-direct/claude-sonnet-5-5', '/anthropic/v1/messages', { 'x-api-key': KEYS.ANTHROPIC_API_KEY }],
    [
      'groq-direct/openai/gpt-oss-20b',
      '/groq/openai/v1/chat/completions',
      { authorization: `Bearer ${KEYS.GROQ_API_KEY}` },
    ],
    [
      'deepseek-direct/deepseek-v4-flash',
      '/deepseek/v1/chat/completions',
      { authorization: `Bearer ${KEYS.DEEPSEEK_API_KEY}` },
    ],
    [
      'openrouter-direct/openrouter/auto',
      '/openrouter/api/v1/chat/completions',
      { authorization: `Bearer ${KEYS.OPENROUTER_API_KEY}` },
    ],
    [
      'together-direct/mistralai/Ministral-3-14B-Instruct-2512',
      '/together/v1/chat/completions',
      { authorization: `Bearer ${KEYS.TOGETHER_API_KEY}` },
    ],
  ])(
    '%s',
    async (model, path, headers) => {
      const question = { prompt: 'hi', title: 'test', timeoutMs: 2 * MINUTE, maxFailures: 3 };
      expect(await server.ask({ model, ...question })).toMatchObject({
        ok: true,
        text: expect.stringContaining('Hello from'),
      });
      const received = await upstream.requests();
      expect(received.map((request) => request.path)).toEqual([path]);
      expect(received[0]?.headers).toMatchObject(headers);
      expect(received[0]?.stream).toBe(true);
      // No other key than its own.
      const own = Object.values(headers);
      const foreign = [MASTER, ...Object.values(KEYS)].filter(
        (one) => !own.some((value) => value?.endsWith(one)),
      );
      for (const one of foreign) expect(JSON.stringify(received)).not.toContain(one);
      // The limit is the price map's, not opencode's default of 32,000.
      const body = received[0]?.body as unknown as { max_tokens?: number; max_output_tokens?: number };
      const id = model.slice(model.indexOf('/') + 1);
      const limit = client.config.provider[model.split('/')[0] ?? '']?.models[id]?.limit.output ?? 0;
      expect(body.max_tokens ?? body.max_output_tokens).toBe(Math.min(limit, 32_000));
    },
    3 * MINUTE,
  );
});

describe('the files', () => {
  test('keys are only in files with mode 0600, none in opencode.json', () => {
    const config = readFileSync(join(home.dir, 'config/opencode/opencode.json'), 'utf8');
    for (const secret of [MASTER, ...Object.values(KEYS)]) expect(config).not.toContain(secret);
    for (const file of ['auth.json', 'switchyard-portkey.key']) {
      expect(statSync(join(home.dir, 'data/opencode', file)).mode & 0o777).toBe(0o600);
    }
  });

  test(
    'opencode accepts the files and lists the models of all eight providers',
    async () => {
      const { stdout, exitCode } = await execa(bin, ['models'], {
        env: home.env,
        extendEnv: false,
        cwd: home.dir,
      });
      expect(exitCode).toBe(0);
      const listed = new Set(
        stdout
          .split('\n')
          .map((line) => line.split('/')[0])
          .filter(Boolean),
      );
      expect([...listed].sort()).toEqual(Object.keys(client.config.provider).sort());
    },
    MINUTE,
  );

  test(
    'an agent uses the provider and model of its lane',
    async () => {
      expect(await run(undefined, { agent: 'complex-reasoning' })).toMatchObject({ ok: true });
      expect((await upstream.requests()).map(({ path, model }) => [path, model])).toEqual([
        ['/anthropic/v1/messages', 'claude-sonnet-5-5'],
      ]);
    },
    3 * MINUTE,
  );

  test(
    'the default model is that of the first provider by priority',
    async () => {
      expect(await run(undefined)).toMatchObject({ ok: true });
      expect((await upstream.requests())[0]?.path).toBe('/groq/openai/v1/chat/completions');
    },
    3 * MINUTE,
  );

  test(
    '--gateway-only: the gateway answers, and no provider has a key',
    async () => {
      const only = gatewayOnly(client);
      expect(Object.keys(only.auth)).toEqual(['litellm']);
      const other = await makeHome(only);
      try {
        expect(await run(undefined, { env: other.env })).toMatchObject({ ok: true });
        expect((await upstream.requests()).map(({ provider }) => provider)).toEqual(['litellm']);
      } finally {
        await other.remove();
      }
    },
    3 * MINUTE,
  );
});

test(
  'a switch to a stack without models, and back, restores the previous state',
  async () => {
    const folder = join(home.dir, 'switched');
    const dir = join(folder, 'opencode');
    const env = { ...home.env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    const providers = async (): Promise<string[]> => {
      const { stdout } = await execa(bin, ['models'], { env, extendEnv: false, cwd: home.dir });
      return [...new Set(stdout.split('\n').map((line) => line.split('/')[0]!))].filter(Boolean).sort();
    };
    const dev = shippedClient({ stack: 'dev', keys: { GROQ_API_KEY: key('groq') }, masterKey: MASTER });
    const prod = shippedClient({ stack: 'prod', settings: { production: true }, masterKey: key('prod') });
    await connect('dev', dev, { dir });
    expect(await providers()).toEqual(['groq-direct', 'litellm']);
    await connect('prod', prod, { dir });
    expect(await providers()).toEqual([]);
    const { on } = await connect('dev', dev, { dir });
    expect(await providers()).toEqual([...on].sort());
    expect(on).toEqual(['litellm', 'groq-direct']);

    // A provider that the user disables is off, and connect reports it.
    const file = join(dir, 'opencode.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { disabled_providers: string[] };
    config.disabled_providers.push('litellm');
    writeFileSync(file, JSON.stringify(config));
    expect((await connect('dev', dev, { dir })).on).toEqual(['groq-direct']);
    expect(await providers()).toEqual(['groq-direct']);
  },
  3 * MINUTE,
);

describe('after random sequences of commands and edits', () => {
  const walks = fc.sample(fc.tuple(edits, fc.array(fc.oneof(steps, edits), { maxLength: 8 }), stacks), {
    seed: SEED,
    numRuns: SOAK ? 20 : 2,
  });
  test.each(walks.map((walk, index) => ({ index, walk })))(
    'opencode opens the files and lists the providers of the last stack: walk $index',
    async ({ index, walk: [first, rest, stack] }) => {
      const folder = join(home.dir, `walk-${index}`);
      const walk = new Walk(join(folder, 'opencode'));
      for (const step of [first, ...rest, { kind: 'connect' as const, stack }]) await walk.take(step);
      walk.verify();
      const env = { ...home.env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
      const { stdout, exitCode } = await execa(bin, ['models'], { env, extendEnv: false, cwd: home.dir });
      const listed = new Set(stdout.split('\n').map((line) => line.split('/')[0]!));
      const { config } = walk.wanted!.client;
      expect([exitCode, config.enabled_providers.filter((name) => !listed.has(name))]).toEqual([0, []]);
      expect(config.disabled_providers.filter((name) => listed.has(name))).toEqual([]);
    },
    MINUTE,
  );
});

describe('a provider that is down', () => {
  test(
    'ends the run with its error message, instead of being retried without end',
    async () => {
      await upstream.inject({ path: '/groq', status: 503 });
      const result = await run('groq-direct/openai/gpt-oss-20b', { maxFailures: 2 });
      expect(result).toMatchObject({
        ok: false,
        exitCode: 1,
        reason: 'the provider failed 2 times in a row: fault injected by the test: 503',
      });
    },
    3 * MINUTE,
  );
});
