import { describe, expect, test } from '@jest/globals';
import { streamedChat } from './providers.ts';
import {
  LIMIT,
  type LayersStack,
  MINUTE,
  question,
  SHIPPED_TIMEOUT,
  SHORT_TIMEOUT,
  textOf,
} from './layers-stack.ts';

/** Tests the cache, timeouts and the limit of concurrent requests. */
export function limits(stack: LayersStack): void {
  describe('the cache', () => {
    test(
      'answers a repeated request, unless the request bypasses the cache',
      async () => {
        await stack.resetFaults();
        const messages = question('the same again');
        const ask = async (more: Record<string, unknown> = {}): Promise<string | null> => {
          const response = await stack.chat('groq-mixtral', { messages, ...more });
          const mark = response.headers.get('x-switchyard-cache');
          expect([mark, await textOf(response)]).toEqual([mark, 'Hello from groq (openai/gpt-oss-20b)']);
          return mark;
        };
        const marks = [await ask()];
        // An answer is stored after it was sent, on a busy machine a moment later.
        while (marks.at(-1) === 'miss' && marks.length < 20) marks.push(await ask());
        expect([marks[0], marks.at(-1)]).toEqual(['miss', 'hit']);
        expect(await ask({ cache: { 'no-cache': true } })).toBeNull();
        const received = await stack.received();
        expect(received).toHaveLength(marks.length);
        // The field that bypasses the cache is not passed on to the provider.
        expect(received.at(-1)?.body).not.toContain('no-cache');
      },
      MINUTE,
    );
  });

  describe('a provider that hangs', () => {
    test.each([false, true])(
      "is abandoned after the model's timeout, and the fallback answers (stream: %s)",
      async (stream) => {
        await stack.resetFaults();
        await stack.injectFaults({ path: '/mistral', hang: true });
        const begun = performance.now();
        const text = await (await stack.chat('mistral-large', { stream })).text();
        const seconds = (performance.now() - begun) / 1000;
        expect(stream ? streamedChat(text) : text).toContain('Hello from deepseek (deepseek-v4-flash)');
        expect((await stack.received()).map(({ provider }) => provider)).toEqual(['mistral', 'deepseek']);
        expect(seconds).toBeGreaterThan(SHORT_TIMEOUT - 0.5);
        expect(seconds).toBeLessThan(SHIPPED_TIMEOUT);
      },
      MINUTE,
    );
  });

  describe('requests above the limit', () => {
    test(
      'are rejected at once, and the others are answered',
      async () => {
        await stack.resetFaults();
        await stack.injectFaults({ path: '/together', delayMs: 6000 });
        const begun = performance.now();
        const outcomes = await Promise.all(
          Array.from({ length: LIMIT + 6 }, async () => {
            const response = await stack.chat('together-mixtral');
            const ms = performance.now() - begun;
            return {
              status: response.status,
              ms,
              text: await response.text(),
              retryAfter: response.headers.get('retry-after'),
            };
          }),
        );
        const rejected = outcomes.filter(({ status }) => status === 503);
        const answered = outcomes.filter(({ status }) => status === 200);
        expect(answered).toHaveLength(LIMIT);
        expect(rejected).toHaveLength(6);
        for (const { text, retryAfter } of rejected) {
          expect(retryAfter).toBe('1');
          expect(JSON.parse(text)).toMatchObject({
            error: {
              message: 'The gateway is at its limit of concurrent requests. Try again in a moment.',
              code: 'gateway_at_limit',
            },
          });
        }
        const times = (some: typeof outcomes): number[] => some.map(({ ms }) => ms);
        expect(Math.max(...times(rejected))).toBeLessThan(Math.min(...times(answered)));
        expect(await stack.received()).toHaveLength(LIMIT);
      },
      MINUTE,
    );
  });
}
