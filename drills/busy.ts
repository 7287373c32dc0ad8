import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Drill, DrillContext } from './drill-types.ts';
import { failureFindings } from './drill-figures.ts';
import { underLoad } from './under-load.ts';

/** Large posts at once, and how long each one is, in bytes. */
const POSTS = 40;
const POST_BYTES = 1_000_000;
/** Another alias than the load's, so that its limit of parallel requests is its own. */
const BUSY_MODEL = 'groq-mixtral';
/** A post takes longer only if it is lost: the edge queues it for 60 s, and the gateways work on all of them at once. */
const TIMEOUT_MS = 240_000;

/** Forty posts of 1 MB at once: LiteLLM computes for so long that it answers no probe, but it does not hang. */
export const busy: Drill = {
  name: 'busy',
  claim:
    'gateways that are only busy, with 40 parallel posts of 1 MB, are not restarted, and no other request fails',
  async run(context) {
    const { stack } = context;
    const key = await stack.masterKey();
    const before = await stack.gateways();
    let posts: Post[] = [];
    const { records, changeSeconds } = await underLoad(context, key, async () => {
      posts = await Promise.all(
        Array.from({ length: POSTS }, () => sendPost(context, key, largeBody(BUSY_MODEL))),
      );
    });
    const after = await stack.gateways();
    const restarted = after.filter(
      ({ id, restarts }) => restarts !== before.find((one) => one.id === id)?.restarts,
    );
    const lost = posts.filter(({ status }) => status !== 200);
    return {
      records,
      findings: [
        ...failureFindings('requests failed beside the large ones', records),
        ...restarted.map(({ name }) => `${name} was restarted, although it was only busy`),
        ...(lost.length === 0
          ? []
          : [
              `${lost.length} of ${POSTS} large posts failed, the first: ${lost[0]?.status} ${lost[0]?.text}`,
            ]),
      ],
      figures: {
        posts: POSTS,
        postsAnswered: posts.length - lost.length,
        longestPostMs: Math.max(...posts.map(({ tookMs }) => tookMs)),
        restarts: restarted.length,
        changeSeconds,
      },
    };
  },
};

/** What became of a post; status 0 without a response. */
interface Post {
  status: number;
  /** The beginning of the response, or the error. */
  text: string;
  tookMs: number;
}

/** A chat of 1 MB: many small objects, within the gateway's bounds, in the schemas of tools. Each is different, so no cache answers it. */
export function largeBody(model: string): string {
  const id = randomBytes(6).toString('hex');
  const content = `#chunks=1 #text=busy${id}`;
  const field = { type: 'object', properties: { c: { type: 'integer' } } };
  const tool = (index: number): object => ({
    type: 'function',
    function: {
      name: `f${index}`,
      parameters: { type: 'object', properties: { a: { type: 'string' }, b: field } },
    },
  });
  const size = JSON.stringify(tool(1000)).length + 1;
  const tools = Array.from({ length: Math.floor(POST_BYTES / size) }, (_, index) => tool(index));
  return JSON.stringify({ model, messages: [{ role: 'user', content }], tools });
}

function sendPost({ stack, signal }: DrillContext, key: string, body: string): Promise<Post> {
  const begun = Date.now();
  return new Promise((done) => {
    const end = (status: number, text: string): void =>
      done({ status, text: text.slice(0, 200), tookMs: Date.now() - begun });
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(
      {
        host: '127.0.0.1',
        port: stack.port,
        path: '/v1/chat/completions',
        method: 'POST',
        timeout: TIMEOUT_MS,
        signal,
        headers,
      },
      (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (piece: string) => (text += piece))
          .on('end', () => end(response.statusCode ?? 0, text))
          .on('error', (error) => end(0, error.message));
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`nothing for ${TIMEOUT_MS} ms`)));
    sent.on('error', (error) => end(0, error.message));
    sent.end(body);
  });
}
