import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import OpenAI from 'openai';
import type { OpencodeAuth, OpencodeConfig } from '../../../domain/render/opencode-files.ts';
import { litellmPid } from '../../../drills/processes.ts';
import { sample, SOAK } from '../../harness/soak.ts';
import { KEYS, type LayersStack, MINUTE, question, textOf } from './layers-stack.ts';

/** Tests each row of the table of failures: it injects the fault and checks the documented behaviour. Spend alerts are tested elsewhere. */
export function failures(stack: LayersStack): void {
  describe('rate limited', () => {
    test(
      'the fallback answers',
      async () => {
        await stack.resetFaults();
        const pause = 60;
        await stack.injectFaults({ path: '/groq', status: 429, headers: { 'retry-after': String(pause) } });
        const begun = performance.now();
        const response = await stack.chat('groq-llama3-70b');
        expect(await textOf(response)).toBe('Hello from together (meta-models/Muse-Glimmer-30B)');
        expect((await stack.received()).map(({ answer }) => answer)).toEqual([429, 200]);
        // Without waiting for the provider's retry-after.
        expect(performance.now() - begun).toBeLessThan(pause * 1000);
      },
      MINUTE,
    );
  });

  describe('model deprecated', () => {
    test(
      'the fallback answers for a model that the provider has removed',
      async () => {
        await stack.resetFaults();
        const error = { type: 'not_found_error', message: 'model: claude-sonnet-5-5' };
        const notFound = { status: 404, body: { type: 'error', error } };
        await stack.injectFaults({ path: '/anthropic', model: 'claude-sonnet-5-5', ...notFound });
        expect(await textOf(await stack.chat('claude-3-5-sonnet'))).toBe('Hello from openai (gpt-5.6-terra)');
        expect((await stack.received()).map(({ model }) => model)).toEqual([
          'claude-sonnet-5-5',
          'gpt-5.6-terra',
        ]);
      },
      MINUTE,
    );

    test(
      'a preview rejects a model that is past its retirement date, with its position in the catalogue',
      async () => {
        stack.setCatalog(['models', 'gpt-4', 'model'], 'gpt-4');
        try {
          const env = { SWITCHYARD_TODAY: '2026-10-23' };
          const refused = await stack.checkout.switchyard(['preview', stack.stack], { env });
          expect(refused.exitCode).not.toBe(0);
          expect(refused.stderr).toMatch(
            /catalog\.yaml:\d+:\d+ models\.gpt-4\.model: gpt-4 was retired on 2026-10-23/,
          );
        } finally {
          stack.setCatalog(['models', 'gpt-4', 'model'], 'gpt-5.6');
        }
      },
      5 * MINUTE,
    );
  });

  describe('Portkey down', () => {
    test(
      "the gateway's models answer, and Portkey's route fails at once with the reason",
      async () => {
        await stack.resetFaults();
        const [id = ''] = await stack.containers('portkey');
        await execa('docker', ['stop', '--time', '1', id]);
        try {
          expect(await textOf(await stack.chat('claude-3-opus'))).toBe(
            'Hello from anthropic (claude-opus-5-5)',
          );
          const body = { model: 'auto', messages: question() };
          const down = await until(
            () => stack.post('/portkey/v1/chat/completions', body),
            ({ status }) => status === 503,
          );
          expect(await down.text()).toContain('No Portkey gateway is ready');
        } finally {
          await execa('docker', ['start', id]);
        }
        const back = await until(
          () => stack.post('/portkey/v1/chat/completions', { model: 'auto', messages: question() }),
          ({ status }) => status === 200,
        );
        expect(await textOf(back)).toBe('Hello from openrouter (openrouter/auto)');
      },
      5 * MINUTE,
    );
  });

  describe('LiteLLM crashes', () => {
    test(
      'it restarts by itself, requests are queued until then, and direct providers answer meanwhile',
      async () => {
        await stack.resetFaults();
        const [id = ''] = await stack.containers('gateway');
        const before = await state(id);
        process.kill(litellmPid(before), 'SIGKILL');
        await until(
          () => fetch(`${stack.endpoint}/health/readiness`),
          ({ status }) => status !== 200,
        );
        const queued = stack.chat('groq-mixtral');

        const groq = directGroq(stack);
        const model = 'openai/gpt-oss-20b';
        const direct = await groq.chat.completions.create({ model, messages: question() });
        expect(direct.choices[0]?.message.content).toBe(`Hello from groq (${model})`);
        // Only the direct client has reached an upstream so far: the gateway is still down.
        expect((await stack.received()).map(({ headers }) => headers.authorization)).toEqual([
          `Bearer ${KEYS.GROQ_API_KEY}`,
        ]);
        expect((await fetch(`${stack.endpoint}/health/readiness`)).status).toBe(503);

        expect(await textOf(await queued)).toBe(`Hello from groq (${model})`);
        expect(await stack.containers('gateway')).toEqual([id]);
        expect((await state(id)).restarts).toBe(before.restarts + 1);
      },
      10 * MINUTE,
    );
  });

  // Each of the two deployments replaces the gateway: by default one of them, in a soak run both.
  const modes = SOAK ? (['local', 'cloud'] as const) : sample(['local', 'cloud'] as const, 1);
  const settings = {
    local: { mode: 'local', defaultFallback: true },
    cloud: { mode: 'cloud', defaultFallback: true, configs: { auto: 'pc-layers' } },
  };

  describe('a deployment that rotates a leaked key and makes Portkey the default fallback', () => {
    let old: string;

    beforeAll(async () => {
      await stack.resetFaults();
      old = stack.key;
      await stack.checkout.json(['connect', stack.stack, '--key', 'master']);
      stack.set('portkey', settings[modes[0]]);
      await stack.checkout.json(['keys', 'rotate', stack.stack, '--now']);
      await stack.readKey();
    }, 10 * MINUTE);

    test(
      'all routes reject the old key at once and accept the new one',
      async () => {
        expect(stack.key).not.toBe(old);
        const routes = [['/v1/chat/completions', 'groq-mixtral']];
        if (modes[0] === 'local') routes.push(['/portkey/v1/chat/completions', 'auto']);
        const statuses = (key: string): Promise<number[]> =>
          Promise.all(
            routes.map(async ([path = '', model]) => {
              const headers = { authorization: `Bearer ${key}` };
              return (await stack.post(path, { model, messages: question() }, headers)).status;
            }),
          );
        expect(await statuses(old)).toEqual(routes.map(() => 401));
        expect(await statuses(stack.key)).toEqual(routes.map(() => 200));
        expect(clientFiles(stack).auth.litellm?.key).toBe(stack.key);
        expect((await stack.checkout.json<{ changes: number }>(['preview', stack.stack])).changes).toBe(0);
      },
      2 * MINUTE,
    );
  });

  describe.each(modes)('Portkey as the default fallback: %s', (mode) => {
    beforeAll(async () => {
      await stack.resetFaults();
      if (mode === modes[0]) return;
      stack.set('portkey', settings[mode]);
      await stack.checkout.json(['up', stack.stack]);
    }, 10 * MINUTE);

    test(
      'it answers when all other fallbacks fail, with a key that no client has',
      async () => {
        await stack.injectFaults({ path: '/groq', status: 503 }, { path: '/together', status: 503 });
        const answer = await textOf(await stack.chat('groq-llama3-70b'));
        const last = (await stack.received()).at(-1)?.headers;
        if (mode === 'local') {
          expect(answer).toBe('Hello from openrouter (openrouter/auto)');
          expect(last?.authorization).toBe(`Bearer ${KEYS.OPENROUTER_API_KEY}`);
        } else {
          expect(answer).toBe('Hello from portkey (auto)');
          expect(last).toMatchObject({
            'x-portkey-api-key': KEYS.PORTKEY_API_KEY,
            'x-portkey-config': 'pc-layers',
          });
        }
      },
      2 * MINUTE,
    );

    test(
      'while it is down, the others answer; if all are down, the error is theirs',
      async () => {
        // The upstreams of the stack's own Portkey, and Portkey's cloud.
        const portkey = mode === 'local' ? ['/openrouter', '/huggingface'] : ['/portkey'];
        await stack.resetFaults();
        await stack.injectFaults(...[...portkey, '/groq'].map((path) => ({ path, status: 503 })));
        expect(await textOf(await stack.chat('groq-llama3-70b'))).toMatch(/^Hello from together/);

        await stack.resetFaults();
        await stack.injectFaults(
          ...[...portkey, '/groq', '/together'].map((path) => ({ path, status: 503 })),
        );
        const failed = await stack.chat('groq-llama3-70b');
        expect([failed.status, await failed.text()]).toEqual([
          503,
          expect.stringContaining('fault injected by the test'),
        ]);
      },
      5 * MINUTE,
    );
  });
}

/** The client files that `up` has written. */
function clientFiles({ checkout }: LayersStack): { config: OpencodeConfig; auth: OpencodeAuth } {
  const read = (path: string): unknown =>
    JSON.parse(readFileSync(join(checkout.dir, '.client', path), 'utf8'));
  return {
    config: read('config/opencode/opencode.json') as OpencodeConfig,
    auth: read('data/opencode/auth.json') as OpencodeAuth,
  };
}

/** A client that calls Groq directly, configured from the client files. */
function directGroq(stack: LayersStack): OpenAI {
  const { config, auth } = clientFiles(stack);
  const baseURL = config.provider['groq-direct']?.options.baseURL ?? '';
  return new OpenAI({ baseURL, apiKey: auth['groq-direct']?.key ?? '' });
}

async function state(id: string): Promise<{ name: string; pid: number; restarts: number }> {
  const { stdout } = await execa('docker', ['inspect', '--format', '{{.State.Pid}} {{.RestartCount}}', id]);
  const [pid = 0, restarts = 0] = stdout.split(' ').map(Number);
  return { name: id, pid, restarts };
}

/** Repeats a request for at most two minutes; returns the first response that meets the condition, otherwise the last one. */
async function until(
  ask: () => Promise<Response>,
  condition: (response: Response) => boolean,
): Promise<Response> {
  const end = Date.now() + 2 * MINUTE;
  for (;;) {
    const response = await ask();
    if (condition(response) || Date.now() > end) return response;
    await response.body?.cancel();
    await sleep(100);
  }
}
