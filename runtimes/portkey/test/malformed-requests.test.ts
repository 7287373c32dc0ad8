/** No input from a client or from Portkey can stop the auth proxy of the stack's own Portkey, and with it the streams of other clients. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, jest, test } from '@jest/globals';
import { CLIENT_KEY, type AuthProxy, head, PROVIDER_KEY, ROUTE, startAuthProxy } from './start-auth-proxy.ts';

let proxy: AuthProxy;
afterEach(() => {
  proxy.stop();
  jest.restoreAllMocks();
});

async function start(answer?: RequestListener): Promise<AuthProxy> {
  return (proxy = await startAuthProxy(answer));
}

test.each([
  ['http://a:99999/portkey/v1/models', 400],
  ['http://portkey/portkey/v1/models', 400],
  ['http://[/health', 400],
  ['*', 400],
  ['//a:99999/v1/models', 404],
  ['/%', 404],
  ['/portkey/v1/%E0%A4%A', 404],
  ['/portkey/v1/models/../chat/completions', 404],
  ['/portkey/v1/models?limit=%', 200],
  ['/health?%', 200],
])('the request target %s gets the status %i', async (target, status) => {
  await start();
  expect(await proxy.statuses(head('GET', target))).toEqual([status, 200]);
});

test.each([
  ['without a key', 'GET http://a:99999/portkey/v1/models HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['that is not HTTP', 'no HTTP at all\r\n\r\n', 400],
  ['with too large headers', `GET /health HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['for a tunnel', 'CONNECT a:99999 HTTP/1.1\r\nhost: a\r\n\r\n', undefined],
])('a request %s ends only its own connection', async (_, bytes, status) => {
  await start();
  expect((await proxy.statuses(bytes))[0]).toBe(status);
  expect(await proxy.statuses('')).toEqual([200]);
});

test('an unknown Expect header is ignored, as in the gateways', async () => {
  await start();
  expect(await proxy.statuses(head('GET', '/v1/models', ['expect: x']))).toEqual([200, 200]);
});

test('an upload that is cut off is cut off at Portkey too', async () => {
  await start();
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  for (const [framing, part] of [
    ['content-length: 1000', '{"model":'],
    ['transfer-encoding: chunked', '9\r\n{"model":\r\n'],
  ] as const) {
    const socket = proxy.open();
    socket.write(head('POST', ROUTE, [framing]) + part);
    setTimeout(() => socket.resetAndDestroy(), 50);
    await once(socket, 'close');
    while (proxy.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(proxy.seen.splice(0).map(({ body }) => body)).toEqual([undefined]);
  }
  expect(await proxy.statuses('')).toEqual([200]);
  // A client that disconnects is not an error.
  expect(logged).not.toHaveBeenCalled();
});

test('a response that is cut off does not look complete to the client', async () => {
  await start((_, response) => {
    response.write('data: one\n\n', () => setTimeout(() => response.destroy(), 50));
  });
  const socket = proxy.open();
  socket.write(head('POST', ROUTE, ['content-length: 0']));
  const answer = await text(socket);
  expect(answer).toContain('data: one');
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(await proxy.statuses('')).toEqual([200]);
});

test('if Portkey closes the connection, the client gets a 502', async () => {
  await start((request) => void request.socket.destroy());
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await proxy.statuses(head('POST', ROUTE, ['content-length: 0']))).toEqual([502, 200]);
  expect(String(logged.mock.calls[0])).toContain('Portkey did not respond: ECONNRESET');
});

test('an error while a response is processed is a 502 and is logged without a secret', async () => {
  // An invalid status makes the handler throw.
  await start((request) => void request.socket.end(`HTTP/1.1 000 ${PROVIDER_KEY}\r\n\r\n`));
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await proxy.statuses(head('POST', ROUTE, ['content-length: 0']))).toEqual([502, 200]);
  const lines = logged.mock.calls.map(String).join('\n');
  expect(lines).toMatch(/a response failed: ERR_HTTP_INVALID_STATUS_CODE at .*forward\.mjs/);
  for (const secret of [PROVIDER_KEY, CLIENT_KEY]) expect(lines).not.toContain(secret);
});
