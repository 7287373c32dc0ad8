/** Errors forced at every upstream, each of which names the key that it was asked with. */
import type { DrillStack } from './stack.ts';

/** An answer as a client got it: status, headers and body. */
export interface Seen {
  what: string;
  status: number;
  text: string;
}

/** The ways to ask: a path, and the body for a model. */
const WAYS: { path: string; body: (model: string, stream: boolean) => object }[] = [
  {
    path: '/v1/chat/completions',
    body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  },
  { path: '/v1/responses', body: (model, stream) => ({ model, stream, input: 'hi' }) },
  {
    path: '/v1/messages',
    body: (model, stream) => ({ model, stream, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }),
  },
];

/**
 * Asks every model in every way while every upstream refuses with an error that quotes the key, in the body and in a header.
 *
 * @returns what clients got, and which keys the upstreams were in fact asked with.
 */
export async function forceErrors(stack: DrillStack, key: string, models: string[]): Promise<Seen[]> {
  await stack.upstream.inject({ echoKey: true });
  const seen: Seen[] = [];
  for (const model of models.filter((name) => name !== 'mock')) {
    for (const { path, body } of model.startsWith('embedding') ? [EMBEDDING] : WAYS) {
      for (const stream of [false, true]) {
        const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body(model, stream)),
          signal: AbortSignal.timeout(120_000),
        });
        const text = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
        seen.push({ what: `${path} ${model}${stream ? ', streamed' : ''}`, status: response.status, text });
      }
    }
  }
  await stack.upstream.clearFaults();
  return seen;
}

const EMBEDDING = { path: '/v1/embeddings', body: (model: string) => ({ model, input: 'hi' }) };
