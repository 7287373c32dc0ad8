import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { streamedChat } from './providers.ts';
import { KEYS, type LayersStack, MINUTE, question, textOf } from './layers-stack.ts';

const ROUTE = '/portkey/v1/chat/completions';

/** Tests layer 3: the stack's own Portkey behind the edge. */
export function portkey(stack: LayersStack): void {
  const ask = (model: string, more: Record<string, unknown> = {}): Promise<Response> =>
    stack.post(ROUTE, { model, messages: question(), ...more });
  const asked = async (): Promise<[string, string | null, unknown][]> =>
    (await stack.received()).map(({ provider, model, headers }) => [provider, model, headers.authorization]);

  describe("the stack's own Portkey", () => {
    test(
      'auto calls the targets by priority, and the next one when the first fails',
      async () => {
        await stack.resetFaults();
        expect(await textOf(await ask('auto'))).toBe('Hello from openrouter (openrouter/auto)');
        await stack.injectFaults({ path: '/openrouter', status: 503 });
        expect(await textOf(await ask('auto'))).toBe('Hello from together (meta-models/Muse-Glimmer-30B)');
        expect(await asked()).toEqual([
          ['openrouter', 'openrouter/auto', `Bearer ${KEYS.OPENROUTER_API_KEY}`],
          ['openrouter', 'openrouter/auto', `Bearer ${KEYS.OPENROUTER_API_KEY}`],
          ['together', 'meta-models/Muse-Glimmer-30B', `Bearer ${KEYS.TOGETHER_API_KEY}`],
        ]);
        expect(JSON.stringify(await stack.received())).not.toContain(stack.key);
      },
      MINUTE,
    );

    test(
      'cheapest-available calls the targets by price, and the next one when the cheapest fails',
      async () => {
        await stack.resetFaults();
        expect(await textOf(await ask('cheapest-available'))).toBe('Hello from groq (openai/gpt-oss-20b)');
        await stack.injectFaults({ path: '/groq', status: 429 });
        expect((await ask('cheapest-available')).status).toBe(200);
        expect((await asked()).map(([provider]) => provider)).toEqual(['groq', 'groq', 'together']);
      },
      MINUTE,
    );

    test(
      'streams',
      async () => {
        await stack.resetFaults();
        const events = await (await ask('auto', { stream: true })).text();
        expect(streamedChat(events)).toContain('Hello from openrouter (openrouter/auto)');
        expect((await stack.received())[0]?.stream).toBe(true);
      },
      MINUTE,
    );

    test('a missing key is a 401, and headers that would choose another upstream are a 400', async () => {
      await stack.resetFaults();
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await stack.post(ROUTE, { model: 'auto', messages: question() }, headers)).status;
      expect(await status({ authorization: '' })).toBe(401);
      expect(await status({ authorization: 'Bearer sk-wrong' })).toBe(401);
      for (const name of [
        'x-portkey-config',
        'x-portkey-provider',
        'x-portkey-custom-host',
        'x-portkey-api-key',
      ])
        expect([name, await status({ [name]: 'openai' })]).toEqual([name, 400]);
      expect(await stack.received()).toEqual([]);
    });

    test('no key is in the output of docker inspect, in logs or in errors', async () => {
      await stack.resetFaults();
      await stack.injectFaults({ path: '/', echoKey: true });
      const response = await ask('auto');
      const error = `${JSON.stringify([...response.headers])} ${await response.text()}`;
      expect([response.status, error]).toEqual([401, expect.stringContaining('Incorrect API key provided')]);
      const [id = ''] = await stack.containers('portkey');
      const inspect = (await execa('docker', ['inspect', id])).stdout;
      const logs = (await execa('docker', ['logs', id], { all: true })).all;
      for (const value of [...Object.values(KEYS), stack.key])
        for (const [place, text] of Object.entries({ error, inspect, logs }))
          expect([place, text.includes(value)]).toEqual([place, false]);
    });
  });
}
