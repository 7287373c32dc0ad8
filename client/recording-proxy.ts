/**
 * A proxy on loopback between opencode and its providers. It forwards every request unchanged and records the responses, because opencode
 * itself shows neither the status of a response nor which model answered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/** A recorded response. */
export interface RecordedResponse {
  /** The HTTP status; 0 if there was no response. */
  status: number;
  /** The model that answered: from LiteLLM's headers, else from the body. */
  model?: string;
  /** Set if a fallback answered, as LiteLLM or Portkey report it. */
  fallback?: string;
  /** For a failure, the beginning of the body, or the error message. */
  error?: string;
}

/** A running proxy. */
export interface RecordingProxy {
  /** Registers a provider's base URL and returns the URL that leads to it through the proxy. */
  urlFor(id: string, baseUrl: string): string;
  /** The responses to a provider's requests so far. */
  responses(id: string): readonly RecordedResponse[];
  close(): Promise<void>;
}

/** Headers that are not forwarded: they belong to one connection, or fetch computes them itself. */
const CONNECTION_HEADERS = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'accept-encoding',
];
const MAX_RECORDED_CHARACTERS = 4000;

/** Starts a proxy on a free port of the loopback address. */
export async function startRecordingProxy(): Promise<RecordingProxy> {
  const targets = new Map<string, string>();
  const responses = new Map<string, RecordedResponse[]>();
  const server = createServer((request, response) => {
    const [, id = '', rest = ''] = /^\/([^/]+)(.*)$/.exec(request.url ?? '') ?? [];
    const target = targets.get(id);
    if (target === undefined) return void response.writeHead(404).end();
    void forward(request, response, target + rest, (recorded) => responses.get(id)?.push(recorded));
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen({ host: '127.0.0.1', port: 0 }, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    urlFor(id, baseUrl) {
      targets.set(id, baseUrl);
      responses.set(id, []);
      return `http://127.0.0.1:${port}/${id}`;
    },
    responses: (id) => responses.get(id) ?? [],
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  record: (recorded: RecordedResponse) => void,
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
    // fetch has already decoded the body.
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection'])
      delete headers[name];
    response.writeHead(upstream.status, headers);
    let begin = '';
    for await (const chunk of upstream.body ? Readable.fromWeb(upstream.body) : []) {
      if (begin.length < MAX_RECORDED_CHARACTERS) begin += String(chunk);
      response.write(chunk);
    }
    record(describe(upstream, begin));
    response.end();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (!aborted.signal.aborted)
      record({ status: 0, error: cause instanceof Error ? cause.message : String(cause) });
    // The client sees what it would see from an unreachable provider.
    response.destroy();
  }
}

function headersOf(request: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || CONNECTION_HEADERS.includes(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) pairs.push([name, one]);
  }
  return pairs;
}

function describe(upstream: Response, begin: string): RecordedResponse {
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

/** Describes the fallback that answered, from LiteLLM's or Portkey's headers; undefined if none did. */
export function fallbackOf(headers: Headers): string | undefined {
  const attempts = headers.get('x-litellm-attempted-fallbacks');
  if (attempts !== null && attempts !== '0')
    return `${attempts} fallback${attempts === '1' ? '' : 's'} tried`;
  const option = headers.get('x-portkey-last-used-option-index');
  return option !== null && /\[[1-9]\d*\]$/.test(option) ? `answered by ${option}` : undefined;
}
