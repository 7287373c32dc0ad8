/** Forces errors at every upstream that quote the key of the request. */
import type { Fault } from '../sandbox/upstream.ts';
import type { DrillStack } from './drill-stack.ts';

/** A response as a client received it: status, headers and body. */
export interface ForcedAnswer {
  /** The request, for findings. */
  what: string;
  /** Whether the response had to be an error status, not an error inside a stream. */
  refused: boolean;
  status: number;
  text: string;
}

/** A kind of request: its path, and its body for a model. */
interface RequestKind {
  path: string;
  body: (model: string, stream: boolean) => object;
}

const messages = [{ role: 'user', content: 'hi' }];
const CHAT_REQUEST: RequestKind = {
  path: '/v1/chat/completions',
  body: (model, stream) => ({ model, stream, messages }),
};
const EMBEDDING_REQUEST: RequestKind = { path: '/v1/embeddings', body: (model) => ({ model, input: 'hi' }) };
const REQUEST_KINDS: RequestKind[] = [
  CHAT_REQUEST,
  { path: '/v1/responses', body: (model, stream) => ({ model, stream, input: 'hi' }) },
  { path: '/v1/messages', body: (model, stream) => ({ model, stream, max_tokens: 64, messages }) },
];

/** How an upstream quotes a key: in plain text, encoded, in the middle of a stream. */
const ECHO_MODES: NonNullable<Fault['echoKey']>[] = [true, 'encoded', 'stream'];

/**
 * Sends every kind of request to every model while every upstream answers with errors that quote the key, in the body and in a header.
 *
 * @param models the gateway's models; `mock` is skipped, since it has no upstream.
 * @param portkey the models of the stack's own Portkey.
 * @returns the responses that clients received.
 */
export async function forceErrors(
  stack: DrillStack,
  key: string,
  { models, portkey }: { models: string[]; portkey: string[] },
): Promise<ForcedAnswer[]> {
  const answers: ForcedAnswer[] = [];
  for (const echoKey of ECHO_MODES) {
    await stack.upstream.inject({ echoKey });
    const ask = async (model: string, { path, body }: RequestKind, stream: boolean): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body(model, stream)),
        signal: AbortSignal.timeout(120_000),
      });
      // A stream may break off; then the text that was received until then is searched.
      const text = `${JSON.stringify([...response.headers])}\n${await response.text().catch(String)}`;
      const what = `${path} ${model}${stream ? ', streamed' : ''} (key quoted: ${echoKey === true ? 'plain' : echoKey})`;
      answers.push({ what, refused: echoKey !== 'stream' || !stream, status: response.status, text });
    };
    for (const model of models.filter((name) => name !== 'mock')) {
      const kinds = model.startsWith('embedding') ? [EMBEDDING_REQUEST] : REQUEST_KINDS;
      for (const kind of kinds) for (const stream of [false, true]) await ask(model, kind, stream);
    }
    const ownPortkey = { ...CHAT_REQUEST, path: `/portkey${CHAT_REQUEST.path}` };
    for (const model of portkey) for (const stream of [false, true]) await ask(model, ownPortkey, stream);
    await stack.upstream.clearFaults();
  }
  return answers;
}
