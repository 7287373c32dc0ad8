/**
 * A tap on loopback between a client and its providers: hands every request on as it is, and notes what came back. The client itself
 * shows neither the status of an answer nor who gave it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/** What came back to one request. */
export interface Answer {
  status: number;
  /** The model that answered: what LiteLLM's headers say, else what the body says. */
  model?: string;
  /** Whether another model than the one asked for answered, as LiteLLM or Portkey tell. */
  fallback?: string;
  /** The body's beginning, where the status tells of a failure. */
  error?: string;
}

/** A running tap. */
export interface Tap {
  /** The address under which a provider's own address is reached through the tap. */
  through(id: string, baseUrl: string): string;
  /** The answers to a provider's requests so far. */
  answers(id: string): readonly Answer[];
  close(): Promise<void>;
}

/** Headers that belong to one connection, or that fetch computes by itself. */
const NOT_HANDED_ON = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'accept-encoding',
];
const KEPT_CHARACTERS = 4000;

/** Starts a tap on a free port of the loopback address. */
export async function openTap(): Promise<Tap> {
  const targets = new Map<string, string>();
  const answers = new Map<string, Answer[]>();
  const server = createServer((request, response) => {
    const [, id = '', rest = ''] = /^\/([^/]+)(.*)$/.exec(request.url ?? '') ?? [];
    const target = targets.get(id);
    if (target === undefined) return void response.writeHead(404).end();
    void handOn(request, response, target + rest, (answer) => answers.get(id)?.push(answer));
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen({ host: '127.0.0.1', port: 0 }, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    through(id, baseUrl) {
      targets.set(id, baseUrl);
      answers.set(id, []);
      return `http://127.0.0.1:${port}/${id}`;
    },
    answers: (id) => answers.get(id) ?? [],
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

async function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  note: (answer: Answer) => void,
): Promise<void> {
  const aborted = new AbortController();
  response.on('close', () => aborted.abort());
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const upstream = await fetch(url, {
      method: request.method ?? 'GET',
      headers: headersOf(request),
      ...(body.length > 0 ? { body } : {}),
      signal: aborted.signal,
      redirect: 'manual',
    });
    const headers = Object.fromEntries(upstream.headers);
    // fetch has decoded the body.
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection'])
      delete headers[name];
    response.writeHead(upstream.status, headers);
    let begin = '';
    for await (const chunk of upstream.body ? Readable.fromWeb(upstream.body) : []) {
      if (begin.length < KEPT_CHARACTERS) begin += String(chunk);
      response.write(chunk);
    }
    note(describe(upstream, begin));
    response.end();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (!aborted.signal.aborted)
      note({ status: 0, error: cause instanceof Error ? cause.message : String(cause) });
    // As a provider does that cannot be reached.
    response.destroy();
  }
}

function headersOf(request: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || NOT_HANDED_ON.includes(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) pairs.push([name, one]);
  }
  return pairs;
}

function describe(upstream: Response, begin: string): Answer {
  const { headers, status } = upstream;
  const model = headers.get('x-litellm-model-group') ?? /"model"\s*:\s*"([^"]+)"/.exec(begin)?.[1];
  const fallback = fallbackOf(headers);
  return {
    status,
    ...(model ? { model } : {}),
    ...(fallback ? { fallback } : {}),
    ...(status >= 400 ? { error: begin.slice(0, 500) } : {}),
  };
}

/** Whether another model than the one asked for answered, as LiteLLM's headers or Portkey's tell. */
export function fallbackOf(headers: Headers): string | undefined {
  const attempts = headers.get('x-litellm-attempted-fallbacks');
  if (attempts !== null && attempts !== '0')
    return `${attempts} fallback${attempts === '1' ? '' : 's'} tried`;
  const option = headers.get('x-portkey-last-used-option-index');
  return option !== null && /\[[1-9]\d*\]$/.test(option) ? `answered by ${option}` : undefined;
}
