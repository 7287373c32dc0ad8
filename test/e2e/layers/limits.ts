import { describe, expect, test } from '@jest/globals';
import { streamedChat } from './providers.ts';
import {
  CAP,
  type LayersStack,
  MINUTE,
  question,
  SHIPPED_TIMEOUT,
  SHORT_TIMEOUT,
  textOf,
} from './layers-stack.ts';

/** What the gateway does about answers it has, providers that hang, and too much at once. */
export function limits(stack: LayersStack): void {
  describe('the cache', () => {
    test(
      'answers an equal request, unless the request asks for a way around it',
      async () => {
        await stack.heal();
        const messages = question('the same again');
        const answers = [];
        for (const more of [{}, {}, { cache: { 'no-cache': true } }])
          answers.push(await textOf(await stack.chat('groq-mixtral', { messages, ...more })));
        expect(new Set(answers)).toEqual(new Set(['Hello from groq (openai/gpt-oss-20b)']));
        const received = await stack.received();
        expect(received).toHaveLength(2);
        // The way around is the gateway's business.
        expect(received[1]?.body).not.toContain('no-cache');
      },
      MINUTE,
    );
  });

  describe('a provider that hangs', () => {
    test.each([false, true])(
      "is given up after the model's timeout, and the chain answers (stream: %s)",
      async (stream) => {
        await stack.heal();
        await stack.hurt({ path: '/mistral', hang: true });
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

  describe('too much at once', () => {
    test(
      'is refused at once, and what was begun is finished',
      async () => {
        await stack.heal();
        await stack.hurt({ path: '/together', delayMs: 6000 });
        const begun = performance.now();
        const outcomes = await Promise.all(
          Array.from({ length: CAP + 6 }, async () => {
            const response = await stack.chat('together-mixtral');
            await response.text();
            return { status: response.status, ms: performance.now() - begun };
          }),
        );
        const refused = outcomes.filter(({ status }) => status === 503);
        const answered = outcomes.filter(({ status }) => status === 200);
        expect(answered).toHaveLength(CAP);
        expect(refused).toHaveLength(6);
        const times = (some: typeof outcomes): number[] => some.map(({ ms }) => ms);
        expect(Math.max(...times(refused))).toBeLessThan(Math.min(...times(answered)));
        expect(await stack.received()).toHaveLength(CAP);
      },
      MINUTE,
    );
  });
}
