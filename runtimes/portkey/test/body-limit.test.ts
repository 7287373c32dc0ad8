/** The auth proxy bounds a body however it comes, and its client can read the error. */
import { once } from 'node:events';
import { request } from 'node:http';
import { type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AuthProxy, CLIENT_KEY, head, ROUTE, startAuthProxy } from './start-auth-proxy.ts';

const LIMIT = 1 << 20;

let proxy: AuthProxy;
beforeEach(() => start(60_000));
afterEach(() => proxy.stop());

async function start(lingerMs: number): Promise<void> {
  proxy = await startAuthProxy(undefined, { maxBodyBytes: LIMIT, lingerMs });
}

/** Sends a body of this length with an ordinary client; returns status and body of the response. */
function send(length: number, chunked: boolean): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        path: ROUTE,
        method: 'POST',
        createConnection: proxy.open,
        headers: {
          authorization: `Bearer ${CLIENT_KEY}`,
          ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }),
        },
      },
      (response) => void text(response).then((body) => resolve([response.statusCode, body]), reject),
    );
    sent.on('error', reject);
    const piece = Buffer.alloc(1 << 14, 'x');
    for (let left = length; left > 0; left -= piece.length) sent.write(piece.subarray(0, left));
    sent.end();
  });
}

test.each([true, false])('the largest body is forwarded (chunked: %s)', async (chunked) => {
  expect((await send(LIMIT, chunked))[0]).toBe(200);
  expect(proxy.seen.map(({ body }) => body?.length)).toEqual([LIMIT]);
});

test.each([true, false])('a larger one is a 413 that the client can read (chunked: %s)', async (chunked) => {
  for (let round = 0; round < 10; round += 1) {
    const [status, body] = await send(LIMIT + 700_000, chunked);
    expect([status, (JSON.parse(body) as { error: { code: string } }).error.code]).toEqual([
      413,
      'request_too_large',
    ]);
  }
  expect(proxy.seen.filter(({ body }) => body !== undefined)).toEqual([]);
});

/** Opens a request whose body has no end, and returns a function that sends another 64 KiB of it. */
function endlessBody(socket: Socket): () => Promise<unknown> {
  socket.on('error', () => undefined);
  socket.write(head('POST', ROUTE, ['transfer-encoding: chunked']));
  const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  return () => new Promise((resolve) => socket.write(piece, resolve));
}

test('a body without end is read up to twice the limit', async () => {
  const socket = proxy.open();
  const send = endlessBody(socket);
  let [written, answer] = [0, ''];
  socket.on('data', (data) => (answer += String(data)));
  while (answer === '' && written < 100 * LIMIT) {
    await send();
    written += 0x10000;
  }
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  // What the two sockets' buffers hold comes on top.
  expect(written).toBeLessThan(20 * LIMIT);
  socket.destroy();
});

test('a client that goes on sending after the limit still reads the 413', async () => {
  const socket = proxy.open();
  const send = endlessBody(socket);
  for (let written = 0; written < 10 * LIMIT; written += 0x10000) await send();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 413 [^]*request_too_large/);
  socket.destroy();
});

test('a client that never stops sending is cut off after the 413', async () => {
  proxy.stop();
  await start(50);
  const socket = proxy.open();
  const send = endlessBody(socket);
  socket.resume();
  while (!socket.destroyed) await send();
  expect(socket.bytesRead).toBeGreaterThan(0);
});
