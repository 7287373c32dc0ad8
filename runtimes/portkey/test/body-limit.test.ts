/** The auth proxy bounds a body however it comes, and its client can read the error. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AuthProxy, CLIENT_KEY, ROUTE, startAuthProxy } from './start-auth-proxy.ts';

const LIMIT = 1 << 20;

let proxy: AuthProxy;
beforeEach(async () => {
  proxy = await startAuthProxy(undefined, { maxBodyBytes: LIMIT });
});
afterEach(() => proxy.stop());

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

test('a body without end is read up to twice the limit', async () => {
  const socket = proxy.open();
  socket.on('error', () => undefined);
  const head = [`POST ${ROUTE} HTTP/1.1`, 'host: a', `authorization: Bearer ${CLIENT_KEY}`];
  socket.write([...head, 'transfer-encoding: chunked', '', ''].join('\r\n'));
  const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  let [written, answer] = [0, ''];
  socket.on('data', (data) => (answer += String(data)));
  while (answer === '' && written < 100 * LIMIT) {
    await new Promise((resolve) => socket.write(piece, resolve));
    written += 0x10000;
  }
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  // What the two sockets' buffers hold comes on top.
  expect(written).toBeLessThan(20 * LIMIT);
  socket.destroy();
});
