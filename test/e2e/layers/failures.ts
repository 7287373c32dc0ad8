import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import OpenAI from 'openai';
import type { OpencodeAuth, OpencodeConfig } from '../../../domain/render/opencode-files.ts';
import { litellmPid } from '../../../drills/processes.ts';
import { KEYS, type LayersStack, MINUTE, question, textOf } from './layers-stack.ts';

/** Each row of the table of failures: the fault is injected, and what was promised against it is seen. Spend alerts come elsewhere. */
export function failures(stack: LayersStack): void {
  describe('rate limited', () => {
    test(
      'another provider answers, by the chain',
      async () => {
        await stack.heal();
        const pause = 60;
        await stack.hurt({ path: '/groq', status: 429, headers: { 'retry-after': String(pause) } });
        const begun = performance.now();
        const response = await stack.chat('groq-llama3-70b');
        expect(await textOf(response)).toBe('Hello from together (meta-models/Muse-Glimmer-30B)');
        expect((await stack.received()).map(({ answer }) => answer)).toEqual([429, 200]);
        // Not after the pause that the provider asks for.
        expect(performance.now() - begun).toBeLessThan(pause * 1000);
      },
      MINUTE,
    );
  });

  describe('model deprecated', () => {
    test(
      'the chain answers for a model that its provider does not know any more',
      async () => {
        await stack.heal();
        const error = { type: 'not_found_error', message: 'model: claude-sonnet-5-5' };
        const gone = { status: 404, body: { type: 'error', error } };
        await stack.hurt({ path: '/anthropic', model: 'claude-sonnet-5-5', ...gone });
        expect(await textOf(await stack.chat('claude-3-5-sonnet'))).toBe('Hello from openai (gpt-5.6-terra)');
        expect((await stack.received()).map(({ model }) => model)).toEqual([
          'claude-sonnet-5-5',
          'gpt-5.6-terra',
        ]);
      },
      MINUTE,
    );

    test(
      'a preview refuses a model that is past its day, and says where it stands',
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
      "the gateway's models answer, and Portkey's route says at once what is the matter",
      async () => {
        await stack.heal();
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
      'it comes back by itself, requests wait for it, and direct providers answer meanwhile',
      async () => {
        await stack.heal();
        const [id = ''] = await stack.containers('gateway');
        const before = await state(id);
        process.kill(litellmPid(before), 'SIGKILL');
        await until(
          () => fetch(`${stack.endpoint}/health/readiness`),
          ({ status }) => status !== 200,
        );
        const held = stack.chat('groq-mixtral');

        const groq = directGroq(stack);
        const model = 'openai/gpt-oss-20b';
        const direct = await groq.chat.completions.create({ model, messages: question() });
        expect(direct.choices[0]?.message.content).toBe(`Hello from groq (${model})`);
        // Nobody but the direct client has asked so far: the gateway is still down.
        expect((await stack.received()).map(({ headers }) => headers.authorization)).toEqual([
          `Bearer ${KEYS.GROQ_API_KEY}`,
        ]);
        expect((await fetch(`${stack.endpoint}/health/readiness`)).status).toBe(503);

        expect(await textOf(await held)).toBe(`Hello from groq (${model})`);
        expect(await stack.containers('gateway')).toEqual([id]);
        expect((await state(id)).restarts).toBe(before.restarts + 1);
      },
      10 * MINUTE,
    );
  });

  describe('one more deployment, which rotates a leaked key and makes Portkey the last resort of every chain', () => {
    let old: string;

    beforeAll(async () => {
      await stack.heal();
      old = stack.key;
      // Both at once: each would replace the gateway and its LiteLLM.
      stack.set('portkey', { mode: 'local', defaultFallback: true });
      await stack.checkout.json(['keys', 'rotate', stack.stack, '--now']);
      await stack.readKey();
    }, 10 * MINUTE);

    test(
      'the old key is refused at once, everywhere, and the new one works',
      async () => {
        expect(stack.key).not.toBe(old);
        const statuses = async (key: string): Promise<number[]> => {
          const ask = (path: string, model: string): Promise<Response> =>
            stack.post(path, { model, messages: question() }, { authorization: `Bearer ${key}` });
          const answers = [
            await ask('/v1/chat/completions', 'groq-mixtral'),
            await ask('/portkey/v1/chat/completions', 'auto'),
          ];
          return answers.map(({ status }) => status);
        };
        expect(await statuses(old)).toEqual([401, 401]);
        expect(await statuses(stack.key)).toEqual([200, 200]);
        expect(clientFiles(stack).auth.litellm?.key).toBe(stack.key);
      },
      MINUTE,
    );

    test(
      "the stack's own Portkey answers when all else fails, by a key that no client has",
      async () => {
        await stack.heal();
        await stack.hurt({ path: '/groq', status: 503 }, { path: '/together', status: 503 });
        expect(await textOf(await stack.chat('groq-llama3-70b'))).toBe(
          'Hello from openrouter (openrouter/auto)',
        );
        expect((await stack.received()).at(-1)?.headers.authorization).toBe(
          `Bearer ${KEYS.OPENROUTER_API_KEY}`,
        );
        expect((await stack.checkout.json<{ changes: number }>(['preview', stack.stack])).changes).toBe(0);
      },
      2 * MINUTE,
    );

    test(
      'the cloud answers when all else fails; while it is down, all else answers',
      async () => {
        stack.set('portkey', { mode: 'cloud', defaultFallback: true, configs: { auto: 'pc-layers' } });
        await stack.checkout.json(['up', stack.stack]);
        await stack.heal();
        await stack.hurt({ path: '/groq', status: 503 }, { path: '/together', status: 503 });
        expect(await textOf(await stack.chat('groq-llama3-70b'))).toBe('Hello from portkey (auto)');
        const last = (await stack.received()).at(-1);
        expect(last?.headers).toMatchObject({
          'x-portkey-api-key': KEYS.PORTKEY_API_KEY,
          'x-portkey-config': 'pc-layers',
        });

        await stack.heal();
        await stack.hurt({ path: '/portkey', status: 503 }, { path: '/groq', status: 503 });
        expect(await textOf(await stack.chat('groq-llama3-70b'))).toMatch(/^Hello from together/);

        await stack.heal();
        await stack.hurt(...['/portkey', '/groq', '/together'].map((path) => ({ path, status: 503 })));
        const nothing = await stack.chat('groq-llama3-70b');
        expect(nothing.status).toBe(503);
        expect(await nothing.text()).toContain('fault injected by the test');
      },
      10 * MINUTE,
    );
  });
}

/** The client's files as `up` wrote them. */
function clientFiles({ checkout }: LayersStack): { config: OpencodeConfig; auth: OpencodeAuth } {
  const read = (path: string): unknown =>
    JSON.parse(readFileSync(join(checkout.dir, '.client', path), 'utf8'));
  return {
    config: read('config/opencode/opencode.json') as OpencodeConfig,
    auth: read('data/opencode/auth.json') as OpencodeAuth,
  };
}

/** A client of Groq's own, by what the client's files say of it. */
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

/** Asks again and again, for two minutes at most, and returns the first answer that is as wished, or the last one. */
async function until(
  ask: () => Promise<Response>,
  wished: (response: Response) => boolean,
): Promise<Response> {
  const end = Date.now() + 2 * MINUTE;
  for (;;) {
    const response = await ask();
    if (wished(response) || Date.now() > end) return response;
    await response.body?.cancel();
    await sleep(100);
  }
}
