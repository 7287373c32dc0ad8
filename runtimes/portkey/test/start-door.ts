/** The door of the stack's own Portkey (door.mjs) before a fake of the gateway behind it, and a client that speaks byte by byte. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
// @ts-expect-error a plain script of the image, without types
import * as doorScript from '../image/door.mjs';
// @ts-expect-error likewise
import * as redactScript from '../image/redact.mjs';

const { createDoor } = doorScript as { createDoor: (options: Record<string, unknown>) => Server };
const { redactor } = redactScript as { redactor: (keys: string[]) => unknown };

export const CLIENT_KEY = 'sk-canary-client-41c9';
export const PROVIDER_KEY = 'canary-provider-key-9d02';
export const ROUTE = '/portkey/v1/chat/completions';

/** A request as the gateway behind the door got it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Undefined where it broke off. */
  body: string | undefined;
}

/** A door with a fake gateway behind it. */
export interface Door {
  /** What the gateway got, in order; a request counts once its body has ended or broken off. */
  seen: Seen[];
  /** A client's connection. */
  open: () => Socket;
  /** Sends the bytes, then a request that ends the connection: the statuses of all answers. */
  statuses: (bytes: string) => Promise<number[]>;
  stop: () => void;
}

/** Starts both; `answer` is what the gateway does once it has a request whole. */
export async function startDoor(
  answer: RequestListener = (_, response) => void response.end('{"said": "hello"}'),
  stallMs?: number,
): Promise<Door> {
  const seen: Seen[] = [];
  const gateway = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    text(request).then(
      (body) => {
        seen.push({ method, path, headers, body });
        answer(request, response);
      },
      () => seen.push({ method, path, headers, body: undefined }),
    );
  });
  const inner = await listen(gateway);
  const sha256 = createHash('sha256').update(CLIENT_KEY).digest('hex');
  const targets = [{ name: 'auto', targets: [{ provider: 'openai', api_key: PROVIDER_KEY }] }];
  const door = createDoor({
    config: { targets },
    clientKeys: [{ sha256 }],
    redact: redactor([PROVIDER_KEY]),
    inner,
    stallMs,
  });
  const port = await listen(door);
  const open = (): Socket => connect(port, '127.0.0.1');
  return {
    seen,
    open,
    async statuses(bytes) {
      const socket = open();
      socket.write(bytes + head('GET', '/v1/models', ['connection: close']));
      return [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    },
    stop() {
      for (const server of [door, gateway]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** The head of a request, with the client's key. */
export function head(method: string, target: string, headers: string[] = []): string {
  const lines = [`${method} ${target} HTTP/1.1`, 'host: portkey', `authorization: Bearer ${CLIENT_KEY}`];
  return [...lines, ...headers, '', ''].join('\r\n');
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
