/** Errors forced at every upstream, each of which names the key that it was asked with. */
import type { Fault } from '../sandbox/upstream.ts';
import type { DrillStack } from './drill-stack.ts';

/** An answer as a client got it: status, headers and body. */
export interface Seen {
  what: string;
  /** Whether an error was due before the first byte. */
  refused: boolean;
  status: number;
  text: string;
}

/** A way to ask: a path, and the body for a model. */
interface Way {
  path: string;
  body: (model: string, stream: boolean) => object;
}

const messages = [{ role: 'user', content: 'hi' }];
const CHAT: Way = { path: '/v1/chat/completions', body: (model, stream) => ({ model, stream, messages }) };
const EMBEDDING: Way = { path: '/v1/embeddings', body: (model) => ({ model, input: 'hi' }) };
const WAYS: Way[] = [
  CHAT,
  { path: '/v1/responses', body: (model, stream) => ({ model, stream, input: 'hi' }) },
  { path: '/v1/messages', body: (model, stream) => ({ model, stream, max_tokens: 64, messages }) },
];

/** How an upstream names a key: plainly, in other spellings, in the middle of a stream. */
const SHAPES: NonNullable<Fault['echoKey']>[] = [true, 'encoded', 'stream'];

/**
 * Asks every model in every way while every upstream answers with errors that quote the key, in the body and in a header.
 *
 * @param models the gateway's; `mock` is left out, it has no upstream.
 * @param portkey those of the stack's own Portkey.
 * @returns what clients got.
 */
export async function forceErrors(
  stack: DrillStack,
  key: string,
  { models, portkey }: { models: string[]; portkey: string[] },
): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const echoKey of SHAPES) {
    await stack.upstream.inject({ echoKey });
    const ask = async (model: string, { path, body }: Way, stream: boolean): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body(model, stream)),
        signal: AbortSignal.timeout(120_000),
      });
      // A stream may end in the middle; what came until then is what counts.
      const text = `${JSON.stringify([...response.headers])}\n${await response.text().catch(String)}`;
      const what = `${path} ${model}${stream ? ', streamed' : ''} (key named: ${echoKey === true ? 'plainly' : echoKey})`;
      seen.push({ what, refused: echoKey !== 'stream' || !stream, status: response.status, text });
    };
    for (const model of models.filter((name) => name !== 'mock')) {
      const ways = model.startsWith('embedding') ? [EMBEDDING] : WAYS;
      for (const way of ways) for (const stream of [false, true]) await ask(model, way, stream);
    }
    const own = { ...CHAT, path: `/portkey${CHAT.path}` };
    for (const model of portkey) for (const stream of [false, true]) await ask(model, own, stream);
    await stack.upstream.clearFaults();
  }
  return seen;
}
