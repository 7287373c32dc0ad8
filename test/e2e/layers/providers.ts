import { describe, expect, test } from '@jest/globals';
import { expectNothingOfTheClient } from './sdks.ts';
import { KEYS, type LayersStack, MINUTE, question, textOf } from './layers-stack.ts';

/** Every alias with its provider and the provider's own id of the model. */
const ALIASES: [alias: string, provider: string, model: string][] = [
  ['gpt-4-turbo', 'openai', 'gpt-5.6-terra'],
  ['gpt-4', 'openai', 'gpt-5.6'],
  ['claude-3-opus', 'anthropic', 'claude-opus-5-5'],
  ['claude-3-5-sonnet', 'anthropic', 'claude-sonnet-5-5'],
  ['deepseek-coder', 'deepseek', 'deepseek-v4-flash'],
  ['groq-llama3-70b', 'groq', 'openai/gpt-oss-120b'],
  ['groq-mixtral', 'groq', 'openai/gpt-oss-20b'],
  ['mistral-large', 'mistral', 'mistral-large-latest'],
  ['openrouter-auto', 'openrouter', 'openrouter/auto'],
  ['openrouter-claude-3-opus', 'openrouter', 'anthropic/claude-opus-5'],
  ['together-llama3-70b', 'together', 'meta-models/Muse-Glimmer-30B'],
  ['together-mixtral', 'together', 'mistralai/Ministral-3-14B-Instruct-2512'],
  ['perplexity-sonar', 'perplexity', 'sonar'],
  ['huggingface-gpt-oss', 'huggingface', 'openai/gpt-oss-120b'],
];

/** The path of each provider's chat API on the fake upstream. */
const CHAT: Record<string, string> = {
  openai: '/openai/v1/chat/completions',
  anthropic: '/anthropic/v1/messages',
  deepseek: '/deepseek/v1/chat/completions',
  groq: '/groq/openai/v1/chat/completions',
  mistral: '/mistral/v1/chat/completions',
  openrouter: '/openrouter/api/v1/chat/completions',
  together: '/together/v1/chat/completions',
  perplexity: '/perplexity/chat/completions',
  huggingface: '/huggingface/v1/chat/completions',
};

/** Tests every alias with both APIs, complete and streamed; then a provider's second key. */
export function providers(stack: LayersStack): void {
  describe('every alias answers', () => {
    test.each(ALIASES)(
      '%s, on the chat route and on the messages route, complete and streamed',
      async (alias, provider, model) => {
        await stack.resetFaults();
        const hello = `Hello from ${provider} (${model})`;
        const messages = (): object => ({ model: alias, max_tokens: 64, messages: question() });
        expect(await textOf(await stack.chat(alias))).toBe(hello);
        expect(streamedChat(await (await stack.chat(alias, { stream: true })).text())).toContain(hello);
        const whole = await stack.post('/v1/messages', { ...messages() });
        expect(((await whole.json()) as { content: { text: string }[] }).content[0]?.text).toBe(hello);
        const stream = await stack.post('/v1/messages', { ...messages(), stream: true });
        expect(streamedMessage(await stream.text())).toContain(hello);

        const received = await stack.received();
        expect(received.map((one) => [one.provider, one.model, one.stream])).toEqual([
          [provider, model, false],
          [provider, model, true],
          [provider, model, false],
          [provider, model, true],
        ]);
        expect(received.slice(0, 2).map(({ path }) => path)).toEqual([CHAT[provider], CHAT[provider]]);
        expectNothingOfTheClient(stack, received);
      },
      MINUTE,
    );
  });

  test(
    'a model server on this machine is reached by its name in containers, without a key',
    async () => {
      await stack.resetFaults();
      expect(await textOf(await stack.chat('on-host'))).toBe('Hello from on-host (m)');
      const [request] = await stack.received();
      expect(request?.headers).toMatchObject({
        host: `host.docker.internal:${stack.hostPort}`,
        authorization: 'Bearer not-needed',
      });
    },
    MINUTE,
  );

  test('up said of each key whether its provider answered; there were none yet', () => {
    const { providers } = stack.deployed;
    const keys = Object.keys(KEYS).filter((name) => name !== 'PORTKEY_API_KEY');
    expect(providers.map(({ name }) => name).sort()).toEqual([...keys, 'on-host'].sort());
    expect(providers.every(({ status, reason }) => status === 0 && reason !== null)).toBe(true);
  });

  test(
    'the next up says which provider refused its key',
    async () => {
      await stack.resetFaults();
      await stack.injectFaults({ path: '/groq', status: 401 });
      const { providers } = await stack.checkout.json<typeof stack.deployed>([
        'up',
        stack.stack,
        '--no-connect',
      ]);
      const statuses = Object.fromEntries(providers.map(({ name, status }) => [name, status]));
      const answered = Object.fromEntries(Object.keys(statuses).map((name) => [name, 200]));
      // The fake does not have OpenRouter's question about the key.
      expect(statuses).toEqual({ ...answered, GROQ_API_KEY: 401, OPENROUTER_API_KEY: 404 });
      for (const key of Object.values(KEYS)) expect(JSON.stringify(providers)).not.toContain(key);
    },
    2 * MINUTE,
  );

  describe("a provider's second key", () => {
    test.each([
      ['/v1/chat/completions', { model: 'gpt-4', messages: question() }],
      ['/v1/responses', { model: 'gpt-4', input: question()[0].content }],
      ['/v1/embeddings', { model: 'embedding-small', input: question()[0].content }],
      ['/v1/messages', { model: 'gpt-4', max_tokens: 64, messages: question() }],
    ])(
      'is used by %s within the same request when the first one is rate limited',
      async (path, body) => {
        await stack.resetFaults();
        // Without retry-after, which would determine the cooldown of the first key.
        await stack.injectFaults({ path: '/openai', times: 1, status: 429 });
        const response = await stack.post(path, body);
        expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
        expect(
          (await stack.received()).map(({ headers, answer }) => [headers.authorization, answer]),
        ).toEqual([
          [`Bearer ${KEYS.OPENAI_API_KEY}`, 429],
          [`Bearer ${KEYS.OPENAI_API_KEY_2}`, 200],
        ]);
      },
      MINUTE,
    );
  });
}

/** The text of a streamed chat completion. */
export function streamedChat(events: string): string {
  return data<{ choices?: { delta: { content?: string | null } }[] }>(events)
    .map(({ choices }) => choices?.[0]?.delta.content ?? '')
    .join('');
}

/** The text of a message streamed by Anthropic's API. */
function streamedMessage(events: string): string {
  return data<{ delta?: { text?: string } }>(events)
    .map(({ delta }) => delta?.text ?? '')
    .join('');
}

function data<T>(events: string): T[] {
  return events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as T);
}
