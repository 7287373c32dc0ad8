/** The auth proxy of the stack's own Portkey (auth-proxy.mjs) in front of a fake Portkey, and a client that sends raw bytes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
// @ts-expect-error a plain script of the image, without types
import * as authProxyScript from '../image/auth-proxy.mjs';
// @ts-expect-error likewise
import * as redactScript from '../image/redact.mjs';

const { createAuthProxy } = authProxyScript as {
  createAuthProxy: (options: Record<string, unknown>) => Server;
};
const { redactor } = redactScript as { redactor: (keys: string[]) => unknown };

export const CLIENT_KEY = 'sk-canary-client-41c9';
export const PROVIDER_KEY = 'canary-provider-key-9d02';
export const ROUTE = '/portkey/v1/chat/completions';

/** A request as Portkey received it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Undefined if it was cut off. */
  body: string | undefined;
}

/** An auth proxy with a fake Portkey behind it. */
export interface AuthProxy {
  /** The requests that Portkey received, in order. A request is added when its body has ended or was cut off. */
  seen: Seen[];
  /** Opens a client connection. */
  open: () => Socket;
  /** Sends the bytes, then a request that closes the connection; returns the statuses of all responses. */
  statuses: (bytes: string) => Promise<number[]>;
  /** The path of client-keys.json. */
  keyFile: string;
  stop: () => void;
}

/** An entry of client-keys.json. */
export function keyEntry(key: string, until?: string): Record<string, unknown> {
  return { name: 'client', sha256: createHash('sha256').update(key).digest('hex'), until };
}

/**
 * Starts both.
 *
 * @param answer is called when the fake Portkey has received a complete request.
 * @param more further options of the auth proxy.
 */
export async function startAuthProxy(
  answer: RequestListener = (_, response) => void response.end('{"said": "hello"}'),
  more: Record<string, unknown> = {},
): Promise<AuthProxy> {
  const seen: Seen[] = [];
  const portkey = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    text(request).then(
      (body) => {
        seen.push({ method, path, headers, body });
        answer(request, response);
      },
      () => seen.push({ method, path, headers, body: undefined }),
    );
  });
  const inner = await listen(portkey);
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-auth-proxy-'));
  const keyFile = join(folder, 'client-keys.json');
  writeFileSync(keyFile, JSON.stringify({ keys: [keyEntry(CLIENT_KEY)] }));
  const targets = [{ name: 'auto', targets: [{ provider: 'openai', api_key: PROVIDER_KEY }] }];
  const proxy = createAuthProxy({
    config: { targets },
    keyFile,
    ready: () => true,
    redact: redactor([PROVIDER_KEY]),
    inner,
    ...more,
  });
  const port = await listen(proxy);
  const open = (): Socket => connect(port, '127.0.0.1');
  return {
    seen,
    keyFile,
    open,
    async statuses(bytes) {
      const socket = open();
      socket.write(bytes + head('GET', '/v1/models', ['connection: close']));
      return [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    },
    stop() {
      rmSync(folder, { recursive: true, force: true });
      for (const server of [proxy, portkey]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** The request line and headers of a request, with the client's key. */
export function head(method: string, target: string, headers: string[] = []): string {
  const lines = [`${method} ${target} HTTP/1.1`, 'host: portkey', `authorization: Bearer ${CLIENT_KEY}`];
  return [...lines, ...headers, '', ''].join('\r\n');
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
