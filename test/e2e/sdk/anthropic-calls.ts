/** What Anthropic's Node SDK gets from a gateway: the same calls and the same report as anthropic_calls.py. */
import Anthropic from '@anthropic-ai/sdk';
import type { SdkTarget } from './run-sdk.ts';

type Event = Anthropic.Messages.RawMessageStreamEvent;

const TOOLS = [
  {
    name: 'look_up',
    description: 'Looks a word up.',
    input_schema: { type: 'object' as const, properties: { word: { type: 'string' } } },
  },
];

/** Makes the calls and reports what came of each. */
export async function anthropicCalls({ url, key, headers }: SdkTarget): Promise<Record<string, unknown>> {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, defaultHeaders: headers });
  const withWrongKey = new Anthropic({ baseURL: url, apiKey: 'sk-wrong', maxRetries: 0 });
  const request = (words: string, model = 'claude-3-opus') => ({
    model,
    max_tokens: 64,
    messages: [{ role: 'user' as const, content: `${words} (${process.pid}, anthropic for node)` }],
  });
  const ask = (words: string, model?: string) => client.messages.create(request(words, model));
  const stream = (words: string, model?: string) =>
    client.messages.create({ ...request(words, model), stream: true });
  const withTool = (words: string, model?: string) =>
    client.messages.create({ ...request(words, model), tools: TOOLS });
  return {
    message: textIn(await ask('hi')),
    stream: await streamedText(await stream('hi, streamed')),
    tool: toolIn(await withTool('#tool=canary')),
    toolStream: await streamedTool(
      await client.messages.create({ ...request('#tool=canary streamed'), tools: TOOLS, stream: true }),
    ),
    otherMaker: textIn(await ask('hi', 'groq-mixtral')),
    otherMakerStream: await streamedText(await stream('hi, streamed', 'groq-mixtral')),
    otherMakerTool: toolIn(await withTool('#tool=canary', 'groq-mixtral')),
    wrongKey: await failure(withWrongKey.messages.create(request('hi'))),
    unknownModel: await failure(ask('hi', 'no-such-model')),
    upstreamFails: await failure(ask('hi', 'perplexity-sonar')),
    upstreamRefuses: await failure(ask('hi', 'deepseek-coder')),
  };
}

function textIn(message: Anthropic.Messages.Message): unknown {
  const [block] = message.content;
  return block?.type === 'text' ? block.text : block;
}

function toolIn(message: Anthropic.Messages.Message): unknown {
  const block = message.content.find(({ type }) => type === 'tool_use');
  return block?.type === 'tool_use' ? { name: block.name, input: block.input } : message.content;
}

async function streamedText(events: AsyncIterable<Event>): Promise<string> {
  let text = '';
  for await (const event of events) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
  }
  return text;
}

async function streamedTool(events: AsyncIterable<Event>): Promise<unknown> {
  let [name, given] = ['', ''];
  for await (const event of events) {
    if (event.type === 'content_block_start' && event.content_block.type === 'tool_use')
      name = event.content_block.name;
    if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta')
      given += event.delta.partial_json;
  }
  return { name, input: JSON.parse(given) as unknown };
}

async function failure(call: Promise<unknown>): Promise<{ error: string | null; status: number }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Anthropic.APIError)
      return { error: error.constructor.name, status: Number(error.status) };
    throw error;
  }
  return { error: null, status: 200 };
}
