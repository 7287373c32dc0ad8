import { describe, expect, test } from '@jest/globals';
import type { ReceivedRequest } from '../../../sandbox/upstream.ts';
import { anthropicCalls } from '../sdk/anthropic-calls.ts';
import { openaiCalls } from '../sdk/openai-calls.ts';
import { pythonCalls, type SdkTarget } from '../sdk/run-sdk.ts';
import { KEYS, type LayersStack, MINUTE } from './layers-stack.ts';

type Calls = (target: SdkTarget) => Promise<Record<string, unknown>>;

/** Headers of a client that must not reach a provider. */
const HEADERS = {
  cookie: 'session=canary-cookie',
  'x-switchyard-since': 'canary-switchyard',
  'x-portkey-config': 'canary-portkey',
  'x-litellm-api-base': 'canary-litellm',
  'x-of-the-client': 'canary-client',
};
const TOOL = { name: 'look_up', input: { word: 'canary' } };
const WRONG_KEY = { error: 'AuthenticationError', status: 401 };
const UPSTREAM_REJECTS = { error: 'BadRequestError', status: 400 };

/** Tests the SDKs of OpenAI and Anthropic for Node and Python through the gateway. */
export function sdks(stack: LayersStack): void {
  const gpt = 'Hello from openai (gpt-5.6)';
  const opus = 'Hello from anthropic (claude-opus-5-5)';

  /** Runs the calls while perplexity is down and deepseek rejects requests. */
  async function report(calls: Calls): Promise<Record<string, unknown>> {
    await stack.resetFaults();
    await stack.injectFaults({ path: '/perplexity', status: 503 }, { path: '/deepseek', status: 400 });
    return calls({ url: stack.endpoint, key: stack.key, headers: HEADERS });
  }

  describe.each<[string, Calls]>([
    ['Node', openaiCalls],
    ['Python', (target) => pythonCalls('openai_calls', target)],
  ])("OpenAI's SDK for %s", (_, calls) => {
    test(
      'lists models, chats, streams, calls tools, embeds, responds, and tells errors apart',
      async () => {
        expect(await report(calls)).toEqual({
          models: expect.arrayContaining([
            'gpt-4',
            'claude-3-opus',
            'groq-mixtral',
            'embedding-small',
            'mock',
          ]),
          chat: gpt,
          chatStream: expect.stringMatching(/^Hello from openai \(gpt-5\.6\)\.*$/),
          tool: TOOL,
          toolStream: TOOL,
          otherMaker: opus,
          embedding: [0.25, -0.5, 0.125],
          responses: gpt,
          responsesStream: expect.stringMatching(/^Hello from openai \(gpt-5\.6\)\.*$/),
          wrongKey: WRONG_KEY,
          unknownModel: { error: 'NotFoundError', status: 404 },
          upstreamFails: { error: 'InternalServerError', status: 503 },
          upstreamRefuses: UPSTREAM_REJECTS,
        });
      },
      3 * MINUTE,
    );

    test('each provider gets its request on its own route with its own key, and nothing else from the client', async () => {
      const received = await stack.received();
      expectNothingOfTheClient(stack, received);
      expect(received.map(({ path, model }) => `${path} ${model}`)).toEqual([
        '/openai/v1/chat/completions gpt-5.6',
        '/openai/v1/chat/completions gpt-5.6',
        '/openai/v1/chat/completions gpt-5.6',
        '/openai/v1/chat/completions gpt-5.6',
        '/anthropic/v1/messages claude-opus-5-5',
        '/openai/v1/embeddings text-embedding-3-small',
        '/openai/v1/responses gpt-5.6',
        '/openai/v1/responses gpt-5.6',
        // The alias has no chain and no second key, so its provider is called once more.
        '/perplexity/chat/completions sonar',
        '/perplexity/chat/completions sonar',
        '/deepseek/v1/chat/completions deepseek-v4-flash',
      ]);
    });
  });

  describe.each<[string, Calls]>([
    ['Node', anthropicCalls],
    ['Python', (target) => pythonCalls('anthropic_calls', target)],
  ])("Anthropic's SDK for %s", (_, calls) => {
    test(
      "chats, streams, calls tools, also with another maker's model, and tells errors apart",
      async () => {
        const oss = 'Hello from groq (openai/gpt-oss-20b)';
        expect(await report(calls)).toEqual({
          message: opus,
          stream: expect.stringMatching(/^Hello from anthropic \(claude-opus-5-5\)\.*$/),
          tool: TOOL,
          toolStream: TOOL,
          otherMaker: oss,
          otherMakerStream: expect.stringMatching(/^Hello from groq \(openai\/gpt-oss-20b\)\.*$/),
          otherMakerTool: TOOL,
          wrongKey: WRONG_KEY,
          unknownModel: { error: 'NotFoundError', status: 404 },
          upstreamFails: { error: 'ServiceUnavailableError', status: 503 },
          upstreamRefuses: UPSTREAM_REJECTS,
        });
      },
      3 * MINUTE,
    );

    test('each provider gets its request on its own route with its own key, and nothing else from the client', async () => {
      const received = await stack.received();
      expectNothingOfTheClient(stack, received);
      expect(received.slice(0, 7).map(({ path }) => path)).toEqual([
        ...Array<string>(4).fill('/anthropic/v1/messages'),
        ...Array<string>(3).fill('/groq/openai/v1/chat/completions'),
      ]);
    });
  });
}

/** The first key of each provider of the fake. */
const KEY_OF: Record<string, string> = Object.fromEntries(
  Object.entries(KEYS)
    .filter(([name]) => !name.endsWith('_2'))
    .map(([name, value]) => [name.replace('_API_KEY', '').toLowerCase(), value]),
);

/** Expects each request to have its provider's key, only in the right header, and nothing else of ours or of the client's. */
export function expectNothingOfTheClient(stack: LayersStack, received: ReceivedRequest[]): void {
  expect(received).not.toEqual([]);
  for (const { provider, headers, query, body, path } of received) {
    const key = KEY_OF[provider] ?? '';
    // /v1/messages calls DeepSeek by its Anthropic API too, with that API's header.
    const [name, value] = path.endsWith('/v1/messages')
      ? ['x-api-key', key]
      : ['authorization', `Bearer ${key}`];
    expect([path, headers[name]]).toEqual([path, value]);
    const rest = JSON.stringify([{ ...headers, [name]: '' }, query, body]);
    expect([path, rest]).toEqual([path, expect.not.stringContaining('canary-')]);
    expect(rest).not.toContain(stack.key);
    const ours = Object.keys(headers).filter((one) =>
      /^(cookie|x-(switchyard|portkey|litellm|forwarded)-.*)$/.test(one),
    );
    expect([path, ours]).toEqual([path, []]);
  }
}
