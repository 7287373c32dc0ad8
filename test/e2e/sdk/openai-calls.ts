/** What OpenAI's Node SDK gets from a gateway: the same calls and the same report as openai_calls.py. */
import OpenAI from 'openai';
import type { SdkTarget } from './run-sdk.ts';

const LOOK_UP = {
  name: 'look_up',
  description: 'Looks a word up.',
  parameters: { type: 'object', properties: { word: { type: 'string' } } },
};

/** Makes the calls and reports what came of each. */
export async function openaiCalls({ url, key, headers }: SdkTarget): Promise<Record<string, unknown>> {
  const options = { baseURL: `${url}/v1`, maxRetries: 0 };
  const client = new OpenAI({ ...options, apiKey: key, defaultHeaders: headers });
  const withWrongKey = new OpenAI({ ...options, apiKey: 'sk-wrong' });
  const chat = client.chat.completions;
  const tools = [{ type: 'function' as const, function: LOOK_UP }];

  const models: string[] = [];
  for await (const model of client.models.list()) models.push(model.id);
  const answer = await chat.create({ model: 'gpt-4', messages: say('hi') });
  let chatStream = '';
  for await (const chunk of await chat.create({
    model: 'gpt-4',
    messages: say('hi, streamed'),
    stream: true,
  })) {
    chatStream += chunk.choices[0]?.delta.content ?? '';
  }
  const called = await chat.create({ model: 'gpt-4', messages: say('#tool=canary'), tools });
  const call = called.choices[0]?.message.tool_calls?.[0];
  let [name, given] = ['', ''];
  const messages = say('#tool=canary streamed');
  for await (const chunk of await chat.create({ model: 'gpt-4', messages, tools, stream: true })) {
    for (const part of chunk.choices[0]?.delta.tool_calls ?? []) {
      name = part.function?.name ?? name;
      given += part.function?.arguments ?? '';
    }
  }
  const other = await chat.create({ model: 'claude-3-opus', messages: say('hi') });
  const input = ['one', `two ${process.pid} node`];
  const embeddings = await client.embeddings.create({ model: 'embedding-small', input });
  const response = await client.responses.create({ model: 'gpt-4', input: text('hi') });
  let responsesStream = '';
  for await (const event of await client.responses.create({
    model: 'gpt-4',
    input: text('hi, streamed'),
    stream: true,
  })) {
    if (event.type === 'response.output_text.delta') responsesStream += event.delta;
  }
  return {
    models: models.sort(),
    chat: answer.choices[0]?.message.content,
    chatStream,
    tool: call?.type === 'function' && {
      name: call.function.name,
      input: JSON.parse(call.function.arguments) as unknown,
    },
    toolStream: { name, input: JSON.parse(given) as unknown },
    otherMaker: other.choices[0]?.message.content,
    embedding: embeddings.data[1]?.embedding,
    responses: response.output_text,
    responsesStream,
    wrongKey: await failure(withWrongKey.chat.completions.create({ model: 'gpt-4', messages: say('hi') })),
    unknownModel: await failure(chat.create({ model: 'no-such-model', messages: say('hi') })),
    upstreamFails: await failure(chat.create({ model: 'perplexity-sonar', messages: say('hi') })),
    upstreamRefuses: await failure(chat.create({ model: 'deepseek-coder', messages: say('hi') })),
  };
}

function text(words: string): string {
  return `${words} (${process.pid}, openai for node)`;
}

function say(words: string): { role: 'user'; content: string }[] {
  return [{ role: 'user', content: text(words) }];
}

async function failure(call: Promise<unknown>): Promise<{ error: string | null; status: number }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OpenAI.APIError)
      return { error: error.constructor.name, status: Number(error.status) };
    throw error;
  }
  return { error: null, status: 200 };
}
