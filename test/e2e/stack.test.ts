/**
 * The main job with real parts: dev and prod side by side, opencode through dev, keys set by plain Pulumi, a fallback chain, a cache that
 * outlives its container, no visible key, and nothing left after `down`. Fake are only the paid upstreams, and LiteLLM in prod's two
 * gateways: dev has the real one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PIDS_LIMIT } from '../../infra/pids-limit.ts';
import { Checkout } from '../../sandbox/checkout.ts';
import { freePort } from '../../sandbox/free-port.ts';
import { opencode } from '../harness/opencode-bin.ts';
import { Upstream, upstreamBaseUrls } from '../../sandbox/upstream.ts';

interface UpReport {
  endpoint: string;
  changes: number;
  models: string[];
  leftOut: { model: string; command?: string }[];
  answer: { model: string; text: string };
  connected?: unknown;
  clientFilesLeftAlone?: { stack: string; command: string };
}

/** These do not look like any provider's key, so that only redaction by value can hide them. */
const KEYS: Record<string, string> = {
  ANTHROPIC_API_KEY: 'canary-7d1f3a90c2e84b56-anthropic',
  OPENAI_API_KEY: 'canary-19be40aa73d25c68-openai',
  GROQ_API_KEY: 'canary-c03e5f81b7a94d22-groq',
};
const MINUTE = 60_000;

const checkout = new Checkout();
let dev: { stack: string; port: number };
let prod: { stack: string; port: number };
let upstream: Upstream | undefined;
let upstreamPort: number;
let firstUp: UpReport;

beforeAll(async () => {
  upstreamPort = await freePort();
  dev = await checkout.addStack('dev', { baseUrls: upstreamBaseUrls(upstreamPort) });
  prod = await checkout.addStack('prod', { production: true, replicas: 2 });
  firstUp = await checkout.json<UpReport>(['up', dev.stack]);
}, 20 * MINUTE);

afterAll(async () => {
  await upstream?.stop();
  await checkout.remove();
}, 5 * MINUTE);

/** The value of the key that a stack's clients have, from its outputs. */
async function defaultKey(stack: string): Promise<string> {
  const output = ['stack', 'output', 'keys', '--show-secrets', '--json'];
  return (JSON.parse((await checkout.pulumi(stack, output)).stdout) as { default: string }).default;
}

/** The stack's master key, from its outputs. */
async function masterKey(stack: string): Promise<string> {
  return (await checkout.pulumi(stack, ['stack', 'output', 'masterKey', '--show-secrets'])).stdout.trim();
}

function ask(port: number, key: string | undefined, body: Record<string, unknown>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
  });
}

async function textOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? '';
}

describe('a first up, without any account', () => {
  test('ends with an answer', () => {
    expect(firstUp.models).toEqual(['mock']);
    expect(firstUp.answer.model).toBe('mock');
    expect(firstUp.answer.text).not.toBe('');
    expect(firstUp.leftOut.find((model) => model.model === 'groq-mixtral')?.command).toBe(
      `pulumi config set --secret GROQ_API_KEY --stack ${dev.stack}`,
    );
  });

  test(
    'writes client files with which the real opencode gets an answer',
    async () => {
      const run = await opencode(checkout, ['run', '-m', 'litellm/mock', '--title', 't', 'hi']);
      expect(run.stdout + run.stderr).toContain(firstUp.answer.text);
    },
    5 * MINUTE,
  );
});

describe('keys by plain pulumi', () => {
  test(
    'enable their models',
    async () => {
      for (const [name, value] of Object.entries(KEYS)) {
        const set = await checkout.pulumi(dev.stack, ['config', 'set', '--secret', name], value);
        expect(set.stderr).toBe('');
      }
      // Plain `pulumi up` previews first.
      const up = await checkout.pulumi(dev.stack, ['up', '--yes']);
      expect(up.exitCode).toBe(0);
      upstream = await Upstream.start(dev.stack, upstreamPort);
      const key = await masterKey(dev.stack);
      const response = await ask(dev.port, key, { model: 'groq-llama3-70b' });
      expect(await textOf(response)).toContain('Hello from groq');
      const received = (await upstream.requests()).at(-1);
      expect(received?.headers.authorization).toBe(`Bearer ${KEYS.GROQ_API_KEY}`);
    },
    10 * MINUTE,
  );

  test(
    'are no change for the next preview',
    async () => {
      expect((await checkout.json<{ changes: number }>(['preview', dev.stack])).changes).toBe(0);
    },
    5 * MINUTE,
  );

  test(
    "are written only to opencode's auth.json, and its own providers answer",
    async () => {
      await checkout.json(['connect', dev.stack]);
      const config = readFileSync(join(checkout.dir, '.client/config/opencode/opencode.json'), 'utf8');
      for (const value of Object.values(KEYS)) expect(config).not.toContain(value);
      const models = (await opencode(checkout, ['models'])).stdout;
      for (const provider of ['litellm/', 'groq-direct/', 'openai-direct/', 'anthropic-direct/']) {
        expect(models).toContain(provider);
      }
      const run = await opencode(checkout, ['run', '-m', 'litellm/claude-3-5-sonnet', '--title', 't', 'hi']);
      expect(run.stdout + run.stderr).toContain('Hello from anthropic');
    },
    5 * MINUTE,
  );
});

describe('the gateway', () => {
  test.each([
    ['no key', undefined],
    ['a wrong key', 'sk-0000000000000000000000000000000000000000'],
  ])('answers 401 to %s on every route except the health checks', async (_, key) => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    for (const path of [
      '/',
      '/v1/models',
      '/v1/chat/completions',
      '/ui/',
      '/openapi.json',
      '/key/info',
      '/nothing',
    ]) {
      const response = await fetch(`http://127.0.0.1:${dev.port}${path}`, { headers });
      expect([path, response.status]).toEqual([path, 401]);
    }
    expect((await fetch(`http://127.0.0.1:${dev.port}/health/liveliness`)).status).toBe(200);
  });

  test(
    'falls back along the chain, calls each model once, and then skips those that failed',
    async () => {
      const key = await masterKey(dev.stack);
      await upstream?.inject({ path: '/anthropic', status: 503 }, { path: '/openai', status: 429 });
      // With LiteLLM's defaults each failing model takes 4 to 5 seconds, since it is retried several times with pauses.
      const askedFor = async (model: string): Promise<(string | null)[]> => {
        const before = (await upstream?.requests())?.length ?? 0;
        const messages = [{ role: 'user', content: `fallback of ${model} ${Date.now()}` }];
        expect(await textOf(await ask(dev.port, key, { model, messages }))).toContain('Hello from groq');
        return (await upstream?.requests())?.slice(before).map((request) => request.model) ?? [];
      };
      const first = await askedFor('gpt-4');
      expect(first.slice(0, 2)).toEqual(['gpt-5.6', 'claude-sonnet-5-5']);
      expect(first).toEqual([...new Set(first)]);
      expect(await askedFor('claude-3-5-sonnet')).not.toEqual(expect.arrayContaining(['claude-sonnet-5-5']));
    },
    MINUTE,
  );

  test(
    'keeps its cache when the container is replaced',
    async () => {
      const key = await masterKey(dev.stack);
      await upstream?.forget();
      const body = { model: 'groq-llama3-70b', messages: [{ role: 'user', content: `once ${Date.now()}` }] };
      const first = await textOf(await ask(dev.port, key, body));
      const before = gatewayIds();
      const file = join(checkout.dir, 'config-templates/catalog.yaml');
      execFileSync('sed', ['-i', 's/^  requestTimeout: 120/  requestTimeout: 121/', file]);
      await checkout.json<UpReport>(['up', dev.stack]);
      expect(gatewayIds()).not.toEqual(before);
      expect(await textOf(await ask(dev.port, key, body))).toBe(first);
      const sent = (await upstream?.requests())?.filter((request) => request.body.includes('once'));
      expect(sent).toHaveLength(1);
    },
    10 * MINUTE,
  );
});

describe('dev and prod on one host', () => {
  test(
    'run side by side, each with its own keys',
    async () => {
      const client = readClient();
      // The request filter, which checks keys, is the real one. LiteLLM's own key check is tested in "the gateway" above, and two gateways
      // with LiteLLM in test/e2e/drill-command.test.ts.
      checkout.stubLitellm();
      const report = await checkout.json<UpReport>(['up', prod.stack]);
      expect(report.models).toEqual([]);
      // opencode's files still belong to dev, and up reports that.
      expect(report.connected).toBeUndefined();
      expect(report.clientFilesLeftAlone).toMatchObject({
        stack: dev.stack,
        command: `./switchyard connect ${prod.stack}`,
      });
      expect(readClient()).toEqual(client);
      const [devKey, prodKey] = [await masterKey(dev.stack), await masterKey(prod.stack)];
      expect(devKey).toMatch(/^sk-[A-Za-z0-9]{32,}$/);
      expect(prodKey).not.toBe(devKey);
      const status = async (port: number, key: string): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}/v1/models`, { headers: { authorization: `Bearer ${key}` } }))
          .status;
      expect(await status(prod.port, devKey)).toBe(401);
      expect(await status(prod.port, prodKey)).toBe(200);
      expect(await status(dev.port, devKey)).toBe(200);
    },
    10 * MINUTE,
  );
});

test(
  "opencode's files move between the stacks by eight commands",
  async () => {
    interface Report {
      clients?: { stack?: string; problems: { what: string }[] }[];
      disconnected?: { stack?: string }[];
    }
    const run = async (args: string[]): Promise<{ exitCode?: number | undefined; report: Report }> => {
      const { stdout, exitCode } = await checkout.switchyard([...args, '--json']);
      return { exitCode, report: JSON.parse(stdout) as Report };
    };
    const has = (stack: string): boolean => readClient().join('').includes(`(Switchyard ${stack})`);
    const key = await defaultKey(dev.stack);

    expect((await run(['connect', prod.stack])).exitCode).toBe(0);
    expect([has(dev.stack), has(prod.stack), readClient().join('').includes(key)]).toEqual([
      false,
      true,
      false,
    ]);
    expect((await run(['connect', '--check'])).report.clients?.[0]?.stack).toBe(prod.stack);
    expect((await run(['connect', dev.stack])).exitCode).toBe(0);
    expect([has(dev.stack), has(prod.stack), readClient().join('').includes(key)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(await run(['connect', '--check', dev.stack])).toMatchObject({
      exitCode: 0,
      report: { clients: [{ stack: dev.stack, problems: [] }] },
    });
    expect((await run(['connect', '--check', prod.stack])).exitCode).toBe(1);
    expect((await run(['connect', '--off', prod.stack])).report.disconnected).toEqual([]);
    expect((await run(['connect', '--off'])).report.disconnected).toMatchObject([{ stack: dev.stack }]);
    const folder = join(checkout.dir, '.client');
    expect(existsSync(join(folder, 'config/opencode/opencode.json'))).toBe(false);
    expect(existsSync(join(folder, 'data/opencode/auth.json'))).toBe(false);
    expect((await run(['connect', '--check'])).exitCode).toBe(1);
  },
  5 * MINUTE,
);

test('the processes of each container are limited, whatever other stacks run', () => {
  for (const { stack } of [dev, prod]) {
    const filter = ['--filter', `label=switchyard.stack=${stack}`];
    const ids = execFileSync('docker', ['ps', '-q', ...filter])
      .toString()
      .split('\n')
      .filter(Boolean);
    const inspected = execFileSync('docker', ['inspect', '--format', '{{.HostConfig.PidsLimit}}', ...ids]);
    expect(new Set(inspected.toString().trim().split('\n'))).toEqual(new Set([String(PIDS_LIMIT)]));
  }
});

describe('no key is visible', () => {
  test(
    'in docker inspect, logs, environments, state, settings',
    async () => {
      const secrets = [
        ...Object.values(KEYS),
        ...(await Promise.all([dev.stack, prod.stack].flatMap((one) => [masterKey(one), defaultKey(one)]))),
      ];
      const idsOf = (stack: string): string[] =>
        execFileSync('docker', ['ps', '-aq', '--filter', `label=switchyard.stack=${stack}`])
          .toString()
          .split('\n')
          .filter(Boolean);
      const [devIds, prodIds] = [idsOf(dev.stack), idsOf(prod.stack)];
      // Each stack has at least a gateway and an edge: if the filter found no container, the test would prove nothing.
      for (const ids of [devIds, prodIds]) expect(ids.length).toBeGreaterThanOrEqual(2);
      const places: [string, string][] = [];
      for (const id of [...devIds, ...prodIds]) {
        places.push([`inspect ${id}`, execFileSync('docker', ['inspect', id]).toString()]);
        places.push([`logs ${id}`, execFileSync('sh', ['-c', `docker logs ${id} 2>&1`]).toString()]);
      }
      const backend = join(checkout.dir, '.backend');
      for (const file of readdirSync(backend, { recursive: true, withFileTypes: true }).filter((f) =>
        f.isFile(),
      )) {
        places.push([`state ${file.name}`, readFileSync(join(file.parentPath, file.name), 'latin1')]);
      }
      for (const { stack } of [dev, prod]) {
        places.push([`settings ${stack}`, readFileSync(join(checkout.dir, `Pulumi.${stack}.yaml`), 'utf8')]);
      }
      expect(places.length).toBeGreaterThan(6);
      for (const [place, text] of places) {
        for (const secret of secrets) expect([place, text.includes(secret)]).toEqual([place, false]);
      }
    },
    MINUTE,
  );
});

describe('down', () => {
  test(
    'removes everything except the data volume, which must be named to be removed',
    async () => {
      await upstream?.stop();
      await checkout.json(['down', dev.stack]);
      expect(left(dev.stack)).toEqual([`volume switchyard-${dev.stack}-data`]);
      await checkout.json(['down', dev.stack, '--volume', `switchyard-${dev.stack}-data`]);
      expect(left(dev.stack)).toEqual([]);
    },
    5 * MINUTE,
  );
});

/** The texts of opencode's files. */
function readClient(): string[] {
  return ['config/opencode/opencode.json', 'data/opencode/auth.json'].map((file) =>
    readFileSync(join(checkout.dir, '.client', file), 'utf8'),
  );
}

function gatewayIds(): string {
  const filters = [
    '--filter',
    `label=switchyard.stack=${dev.stack}`,
    '--filter',
    'label=switchyard.role=gateway',
  ];
  return execFileSync('docker', ['ps', '-q', ...filters]).toString();
}

/** What Docker still has of a stack. */
function left(stack: string): string[] {
  const list = (kind: string, args: string[]): string[] =>
    execFileSync('docker', args)
      .toString()
      .split('\n')
      .filter((name) => name.includes(stack))
      .map((name) => `${kind} ${name}`);
  return [
    ...list('container', ['ps', '-a', '--format', '{{.Names}} {{.Label "switchyard.stack"}}']),
    ...list('network', ['network', 'ls', '--format', '{{.Name}}']),
    ...list('volume', ['volume', 'ls', '--format', '{{.Name}}']),
    ...list('image', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']),
  ];
}
