/** The agents of the shipped file in parallel, with the real opencode; and `smoke`, which sends one request through every layer. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runAgents } from '../../client/run-agents.ts';
import { planAgents } from '../../client/agents-plan.ts';
import { AgentsProgress } from '../../client/agents-progress.ts';
import type { StackClient } from '../../domain/read/outputs-reader.ts';
import { requireOpencode } from '../../client/client-home.ts';
import { Output } from '../../console/output.ts';
import { smoke } from '../../cli/smoke.ts';
import { ROOT } from '../../console/home-paths.ts';
import { shippedClient, shippedInputs, type ShippedOptions } from '../harness/client-of.ts';
import { type LocalUpstream, startLocalUpstream } from '../harness/local-upstream.ts';
import { SOAK } from '../harness/soak.ts';

const MINUTE = 60_000;
const KEYS = {
  GROQ_API_KEY: 'canary-groq-9a61',
  ANTHROPIC_API_KEY: 'canary-anthropic-02bf',
  OPENAI_API_KEY: 'canary-openai-7c1d',
  PORTKEY_API_KEY: 'canary-portkey-33e8',
};
const ROUNDS = SOAK ? 20 : Number(process.env.AGENT_ROUNDS ?? 1);

let upstream: LocalUpstream;
let client: StackClient;
let options: ShippedOptions;
let bin: string;
let logs: string;
let output: string[];
const out = (): Output => {
  output = [];
  const stream = { write: (text: string) => output.push(text) };
  return new Output({ streams: { stdout: stream, stderr: stream } });
};

beforeAll(async () => {
  upstream = await startLocalUpstream();
  const at = (path: string): { client: string } => ({ client: `${upstream.url}/${path}` });
  options = {
    endpoint: `${upstream.url}/litellm`,
    masterKey: 'canary-master-11d4',
    keys: KEYS,
    settings: {
      portkey: { configs: { auto: 'pc-auto' } },
      baseUrls: {
        groq: at('groq/openai/v1'),
        anthropic: at('anthropic/v1'),
        openai: at('openai/v1'),
        portkey: at('portkey/v1'),
      },
    },
  };
  client = shippedClient(options);
  bin = (await requireOpencode(ROOT)).bin;
  logs = mkdtempSync(join(tmpdir(), 'switchyard-logs-'));
}, MINUTE);

afterAll(async () => {
  await upstream?.stop();
  rmSync(logs, { recursive: true, force: true });
});

beforeEach(() => upstream.forget());

/** Two agents of the shipped file: one calls its provider, the other the gateway. An opencode costs seconds of CPU. */
const TWO = ['fast-code', 'critical'];

/** Runs agents of the shipped file; by default all four. */
async function run(
  names?: readonly string[],
  signal = new AbortController().signal,
): ReturnType<typeof runAgents> {
  const { catalog, agents } = shippedInputs(options);
  const planned = planAgents(agents, catalog, client);
  expect(planned.skipped).toEqual([]);
  const ready = planned.ready.filter(({ name }) => names?.includes(name) ?? true);
  return runAgents(ready, {
    bin,
    client,
    logs,
    parallel: 4,
    progress: new AgentsProgress(
      out(),
      ready.map(({ name }) => name),
    ),
    signal,
  });
}

describe('agents at once', () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1]))(
    'round %i: four do not conflict, and each has its log',
    async () => {
      const reports = await run();
      expect(reports.map(({ agent, ok, exitCode }) => [agent, ok, exitCode])).toEqual([
        ['fast-code', true, 0],
        ['complex-reasoning', true, 0],
        ['research', true, 0],
        ['critical', true, 0],
      ]);
      const providers = (await upstream.requests()).map(({ provider }) => provider).sort();
      expect(providers).toEqual(['anthropic', 'groq', 'litellm', 'portkey']);
      for (const { log, tokens } of reports) {
        expect([log, tokens]).toEqual([log, { input: 7, output: 5 }]);
        expect(statSync(log).mode & 0o777).toBe(0o600);
        expect(readFileSync(log, 'utf8')).toMatch(/Hello from [\s\S]*# exit code 0\n$/);
      }
    },
    4 * MINUTE,
  );

  test(
    'only the agent with a failing provider ends, with a clear message and no key in its log',
    async () => {
      await upstream.inject({ path: '/groq', status: 503, echoKey: true });
      const reports = await run(TWO);
      const [dead, ...others] = reports;
      expect(dead).toMatchObject({ agent: 'fast-code', ok: false, exitCode: 1 });
      expect(dead?.reason).toMatch(/^the provider failed 4 times in a row: .*\[key\]/);
      expect(others.map(({ ok }) => ok)).toEqual([true]);
      expect(readFileSync(dead?.log ?? '', 'utf8') + output.join('')).not.toContain(KEYS.GROQ_API_KEY);
      expect(output.join('')).toContain('fast-code: a request failed, retrying: ');
    },
    4 * MINUTE,
  );

  test(
    'a stop ends all of them within seconds',
    async () => {
      await upstream.inject({ hang: true });
      const stop = new AbortController();
      const started = Date.now();
      const reports = run(TWO, stop.signal);
      while ((await upstream.requests()).length < TWO.length)
        await new Promise((done) => setTimeout(done, 500));
      const begun = Date.now();
      const starting = begun - started;
      stop.abort();
      expect((await reports).map(({ exitCode, reason }) => [exitCode, reason])).toEqual(
        TWO.map(() => [130, 'stopped']),
      );
      // On a busy machine both take longer.
      expect(Date.now() - begun).toBeLessThan(3 * starting);
    },
    4 * MINUTE,
  );
});

describe('smoke', () => {
  test(
    'reports for every layer and provider which model answered, what was skipped and why, and what failed and what to do',
    async () => {
      await upstream.inject(
        { path: '/groq', status: 401, echoKey: true },
        { path: '/anthropic', close: true },
      );
      const rows = await smoke(out(), 'dev', { client, endpoint: `${upstream.url}/litellm` });
      const of = (provider: string): unknown[] => rows.filter((row) => row.provider === provider);
      expect(of('openai-direct')).toEqual([
        {
          layer: 1,
          provider: 'openai-direct',
          model: 'gpt-5.6-terra',
          ok: true,
          reason: '',
          ms: expect.any(Number),
        },
      ]);
      expect(of('groq-direct')).toMatchObject([
        {
          layer: 1,
          ok: false,
          reason: expect.stringMatching(
            /^groq-direct rejected the key \(401\): .*\[key\]; pulumi config set --secret GROQ_API_KEY --stack dev$/,
          ),
        },
      ]);
      expect(of('anthropic-direct')).toMatchObject([
        { ok: false, reason: expect.stringMatching(/^cannot reach anthropic-direct/) },
      ]);
      expect(of('together-direct')).toMatchObject([
        {
          layer: 1,
          ok: null,
          ms: 0,
          reason:
            'skipped: TOGETHER_API_KEY is not set; pulumi config set --secret TOGETHER_API_KEY --stack unit',
        },
      ]);
      expect(of('litellm').length).toBe(3);
      for (const row of of('litellm')) expect(row).toMatchObject({ layer: 2, ok: true });
      expect(of('portkey')).toMatchObject([{ layer: 3, model: 'auto', ok: true }]);
      expect(JSON.stringify(rows)).not.toContain('canary');
    },
    6 * MINUTE,
  );
});
