/** The real open-source Portkey gateway in its image, with the routes of the shipped catalogue, between opencode and a fake upstream. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { localConfig } from '../../../domain/render/portkey-routes.ts';
import type { StackClient } from '../../../domain/read/outputs-reader.ts';
import { makeHome, requireOpencode } from '../../../client/client-home.ts';
import { runOpencode } from '../../../client/run-opencode.ts';
import { contextHash } from '../../../infra/context-hash.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { freePort } from '../../../sandbox/free-port.ts';
import { shippedClient, shippedInputs, type ShippedOptions } from '../../../test/harness/client-of.ts';
import { type LocalUpstream, startLocalUpstream } from '../../../test/harness/local-upstream.ts';

const MINUTE = 60_000;
const MASTER = 'sk-canary-master-5f1e';
const KEYS = {
  OPENROUTER_API_KEY: 'canary-openrouter-77ac',
  TOGETHER_API_KEY: 'canary-together-1b20',
  GROQ_API_KEY: 'canary-groq-e004',
  HUGGINGFACE_API_KEY: 'canary-huggingface-5d13',
  OPENAI_API_KEY: 'canary-openai-c0de',
  ANTHROPIC_API_KEY: 'canary-anthropic-8a61',
  // The provider's first key is not set.
  DEEPSEEK_API_KEY_2: 'canary-deepseek-2f9b',
  MISTRAL_API_KEY: 'canary-mistral-03e7',
  PERPLEXITY_API_KEY: 'canary-perplexity-b84d',
};
/** Models without a route in the shipped catalogue. A route of this test has them as targets, to test where Portkey calls each provider. */
const FURTHER = ['gpt-4', 'claude-3-5-sonnet', 'deepseek-coder', 'mistral-large', 'perplexity-sonar'];
const REQUEST_TIMEOUT_MS = 6000;
const CONTEXT = join(ROOT, 'runtimes/portkey/image');
const name = `switchyard-portkey-test-${process.pid}`;
const secrets = mkdtempSync(join(tmpdir(), 'switchyard-portkey-'));

let upstream: LocalUpstream;
let endpoint: string;
let client: StackClient;

beforeAll(async () => {
  upstream = await startLocalUpstream();
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  // The fake is every provider, with the provider's real path: /groq/openai/v1.
  const { providers } = shippedInputs().catalog;
  // In a container 127.0.0.1 is the container itself, so the catalogue refuses it. This one uses the host's network.
  const address = upstream.url.replace('127.0.0.1', 'upstream');
  const baseUrls = Object.entries(providers).map(([id, { baseUrl }]) => [
    id,
    { gateway: `${address}/${id}${new URL(baseUrl).pathname.replace(/^\/$/, '')}` },
  ]);
  const options: ShippedOptions = {
    endpoint,
    masterKey: MASTER,
    keys: KEYS,
    settings: {
      portkey: { mode: 'local' },
      baseUrls: Object.fromEntries(baseUrls) as Record<string, unknown>,
    },
  };
  client = shippedClient(options);
  const { catalog: shipped, settings } = shippedInputs(options);
  const routes = { ...shipped.portkey?.routes, further: { order: 'priority' as const, targets: FURTHER } };
  // Shorter than in the shipped catalogue, for the tests of silent upstreams.
  const limits = { ...shipped.limits, requestTimeout: REQUEST_TIMEOUT_MS / 1000 };
  const catalog = { ...shipped, limits, portkey: { routes } };
  writeFileSync(join(secrets, 'portkey-config.json'), JSON.stringify(localConfig(catalog, settings, KEYS)));
  const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
  const keys = [
    { name: 'master', sha256: sha256(MASTER) },
    { name: 'master-previous', sha256: sha256('sk-canary-old'), until: '2020-01-01T00:00:00Z' },
  ];
  writeFileSync(join(secrets, 'client-keys.json'), JSON.stringify({ keys }));
  await execa('chmod', ['-R', 'a+rX', secrets]);

  const image = `switchyard-portkey-test:${contextHash(CONTEXT)}`;
  await execa('docker', ['build', '--quiet', '--tag', image, CONTEXT]);
  await execa('docker', [
    'run', '--detach', '--restart', 'unless-stopped', '--name', name, '--network', 'host', '--add-host', 'upstream:127.0.0.1',
    '--env', `PORT=${port}`,
    '--volume', `${secrets}:/run/secrets:ro`, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', image,
  ]); // prettier-ignore
  for (let attempt = 0; !(await fetch(`${endpoint}/health`).catch(() => undefined))?.ok; attempt += 1) {
    if (attempt > 120) throw new Error((await execa('docker', ['logs', name], { all: true })).all);
    await sleep(500);
  }
}, 15 * MINUTE);

afterAll(async () => {
  await execa('docker', ['rm', '--force', name], { reject: false });
  await upstream?.stop();
  rmSync(secrets, { recursive: true, force: true });
}, MINUTE);

beforeEach(() => upstream.forget());

function ask(
  model: string,
  more: { headers?: Record<string, string>; stream?: boolean; content?: string } = {},
): Promise<Response> {
  return fetch(`${endpoint}/portkey/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${MASTER}`,
      'content-type': 'application/json',
      ...more.headers,
    },
    body: JSON.stringify({
      model,
      // As opencode does. Anthropic requires it, and Portkey has no default for it.
      max_tokens: 100,
      stream: more.stream ?? false,
      messages: [{ role: 'user', content: more.content ?? 'hi' }],
    }),
  });
}

/** A request whose body is itself a request to Portkey: call this host, with the client's own x-portkey headers. */
function smuggling(method: string): string {
  const body = '{"model":"smuggled","messages":[{"role":"user","content":"hi"}]}';
  const inside = [
    ...['POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-type: application/json'],
    ...['x-portkey-provider: openai', `x-portkey-custom-host: ${upstream.url}/openai/v1`],
    ...[`content-length: ${body.length}`, '', body],
  ].join('\r\n');
  return [
    ...[`${method} /portkey/v1/chat/completions HTTP/1.1`, 'host: a', `authorization: Bearer ${MASTER}`],
    ...['content-type: application/json', 'transfer-encoding: chunked', ''],
    ...[inside.length.toString(16), inside, '0', '', ''],
  ].join('\r\n');
}

/** The models that were called, in order. */
async function asked(): Promise<(string | null)[]> {
  return (await upstream.requests()).map(({ model }) => model);
}

describe('routes', () => {
  test("auto calls the first target, with that target's key and no other secret", async () => {
    // prettier-ignore
    expect(await (await ask('auto')).text()).toContain('Hello from openrouter');
    const [received, ...rest] = await upstream.requests();
    expect(rest).toEqual([]);
    expect(received?.path).toBe('/openrouter/api/v1/chat/completions');
    expect(received?.headers.authorization).toBe(`Bearer ${KEYS.OPENROUTER_API_KEY}`);
    const text = JSON.stringify(received);
    const others = Object.values(KEYS).filter((key) => key !== KEYS.OPENROUTER_API_KEY);
    for (const secret of [MASTER, ...others]) expect(text).not.toContain(secret);
  });

  test('auto falls back by priority', async () => {
    await upstream.inject({ path: '/openrouter', status: 503 });
    expect(await (await ask('auto')).text()).toContain('Hello from together');
    expect((await upstream.requests()).map(({ path, model }) => [path, model])).toEqual([
      ['/openrouter/api/v1/chat/completions', 'openrouter/auto'],
      ['/together/v1/chat/completions', 'meta-models/Muse-Glimmer-30B'],
    ]);
  });

  test('cheapest-available calls the cheapest target, and the next one if it is down', async () => {
    await upstream.inject({ path: '/groq', status: 429 });
    expect((await ask('cheapest-available')).status).toBe(200);
    expect(await asked()).toEqual(['openai/gpt-oss-20b', 'mistralai/Ministral-3-14B-Instruct-2512']);
  });

  test('an alias calls its single target; an unknown name is rejected', async () => {
    expect(await (await ask('together-mixtral')).text()).toContain('Hello from together');
    expect((await ask('no-such-model')).status).toBe(400);
  });

  test('the list of models has all served names', async () => {
    const response = await fetch(`${endpoint}/portkey/v1/models`, {
      headers: { authorization: `Bearer ${MASTER}` },
    });
    const { data } = (await response.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id).sort()).toEqual(
      [...Object.keys(client.config.provider.portkey?.models ?? {}), 'further', ...FURTHER].sort(),
    );
  });

  test.each([
    ['gpt-4', '/openai/v1/chat/completions', KEYS.OPENAI_API_KEY],
    ['claude-3-5-sonnet', '/anthropic/v1/messages', KEYS.ANTHROPIC_API_KEY],
    ['deepseek-coder', '/deepseek/v1/chat/completions', KEYS.DEEPSEEK_API_KEY_2],
    ['groq-mixtral', '/groq/openai/v1/chat/completions', KEYS.GROQ_API_KEY],
    ['mistral-large', '/mistral/v1/chat/completions', KEYS.MISTRAL_API_KEY],
    ['openrouter-auto', '/openrouter/api/v1/chat/completions', KEYS.OPENROUTER_API_KEY],
    ['together-mixtral', '/together/v1/chat/completions', KEYS.TOGETHER_API_KEY],
    ['perplexity-sonar', '/perplexity/chat/completions', KEYS.PERPLEXITY_API_KEY],
    ['huggingface-gpt-oss', '/huggingface/v1/chat/completions', KEYS.HUGGINGFACE_API_KEY],
  ])("%s is called at its provider's address with its provider's key", async (model, path, key) => {
    expect(await (await ask(model)).text()).toContain('Hello from');
    const received = await upstream.requests();
    expect(received.map((one) => one.path)).toEqual([path]);
    const { authorization, 'x-api-key': own } = received[0]?.headers ?? {};
    expect(own ?? authorization?.replace('Bearer ', '')).toBe(key);
  });
});

describe('the auth proxy', () => {
  test.each([
    ['no key', 'Bearer '],
    ['a wrong key', 'Bearer sk-nope'],
    ['an expired key', 'Bearer sk-canary-old'],
    ['the valid key with another scheme', `Basic ${MASTER}`],
    ['the valid key without a scheme', MASTER],
  ])('401 for %s', async (_, authorization) => {
    expect((await ask('auto', { headers: { authorization } })).status).toBe(401);
    expect(await asked()).toEqual([]);
  });

  test("a client's own x-portkey headers are rejected", async () => {
    const response = await ask('auto', { headers: { 'x-portkey-config': '{}' } });
    expect([response.status, await asked()]).toEqual([400, []]);
  });

  test.each([
    [
      'an invalid request target',
      () => 'GET http://a:99999/portkey/v1/models HTTP/1.1\r\nhost: a\r\n\r\n',
      400,
    ],
    ['a request inside a request', () => smuggling('GET'), 405],
    ['a request inside a body', () => smuggling('POST'), 500],
  ])('%s reaches no upstream, and the proxy keeps serving', async (_, bytes, status) => {
    const socket = connect(Number(new URL(endpoint).port), '127.0.0.1');
    socket.write(bytes());
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(String(answer)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await ask('auto')).status).toBe(200);
    expect(await asked()).toEqual(['openrouter/auto']);
  });

  test('a key echoed by an upstream reaches neither client nor log', async () => {
    await upstream.inject({ status: 401, echoKey: true });
    const response = await ask('openrouter-auto');
    const text = (await response.text()) + JSON.stringify([...response.headers]);
    expect(response.status).toBe(401);
    expect(text).toContain('********');
    const { all: log } = await execa('docker', ['logs', name], { all: true });
    for (const secret of [MASTER, ...Object.values(KEYS)]) {
      expect(text).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
  });

  test('Portkey itself listens only on loopback', async () => {
    const { stdout } = await execa('docker', [
      'exec',
      name,
      'python3',
      '-c',
      'print(open("/proc/net/tcp").read())',
    ]);
    const port = (Number(new URL(endpoint).port) + 1).toString(16).toUpperCase().padStart(4, '0');
    const listening = stdout.split('\n').filter((line) => line.includes(`:${port} 00000000:0000 0A`));
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`]);
  });
});

describe('an upstream that is silent', () => {
  test('is left after the request timeout for the next target', async () => {
    await upstream.inject({ path: '/openrouter', hang: true });
    const begun = Date.now();
    expect(await (await ask('auto')).text()).toContain('Hello from together');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(REQUEST_TIMEOUT_MS);
  }, 60_000);

  test('is an error if it is the only target', async () => {
    await upstream.inject({ path: '/together', hang: true });
    const response = await ask('together-mixtral');
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect([response.status, error.message]).toEqual([408, 'The provider did not respond within 6 s.']);
    expect(error.request_id).toBe(response.headers.get('x-request-id'));
  }, 60_000);

  test('in the middle of a stream ends the stream', async () => {
    const begun = Date.now();
    const response = await ask('together-mixtral', { stream: true, content: '#chunks=3 #delayMs=30000' });
    await response.text().catch(() => undefined);
    expect(Date.now() - begun).toBeLessThan(25_000);
  }, 60_000);
});

test(
  'a Portkey that hangs is killed, and the container restarted',
  async () => {
    // In two parts, so that the command does not find itself.
    const stop =
      'import os,signal,glob;[os.kill(int(f.split("/")[2]),signal.SIGSTOP) for f in glob.glob("/proc/[0-9]*/cmdline") if b"start-"+b"server.js" in open(f,"rb").read()]';
    await execa('docker', ['exec', name, 'python3', '-c', stop]);
    const restarts = async (): Promise<number> =>
      Number((await execa('docker', ['inspect', '--format', '{{.RestartCount}}', name])).stdout);
    for (let attempt = 0; (await restarts()) === 0; attempt += 1) {
      if (attempt > 120) throw new Error((await execa('docker', ['logs', name], { all: true })).all);
      await sleep(500);
    }
    const { all: log } = await execa('docker', ['logs', name], { all: true });
    expect(log).toContain('portkey: Portkey hung and was killed: its event loop did not run for');
    for (let attempt = 0; !(await fetch(`${endpoint}/health`).catch(() => undefined))?.ok; attempt += 1) {
      if (attempt > 120) throw new Error('it did not become ready again');
      await sleep(500);
    }
    expect((await ask('auto')).status).toBe(200);
  },
  3 * MINUTE,
);

test(
  'the real opencode streams through Portkey',
  async () => {
    const { bin } = await requireOpencode(ROOT);
    const home = await makeHome(client);
    try {
      const result = await runOpencode({
        bin,
        env: home.env,
        model: 'portkey/auto',
        prompt: 'hi',
        title: 'test',
        cwd: home.dir,
        timeoutMs: 2 * MINUTE,
        maxFailures: 2,
      });
      expect(result).toMatchObject({ ok: true, text: 'Hello from openrouter (openrouter/auto)' });
      expect((await upstream.requests())[0]?.stream).toBe(true);
    } finally {
      await home.remove();
    }
  },
  3 * MINUTE,
);
