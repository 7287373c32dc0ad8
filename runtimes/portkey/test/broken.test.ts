/** Nothing that a client or the gateway behind it sends ends the door of the stack's own Portkey, and with it everybody's streams. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, jest, test } from '@jest/globals';
import { CLIENT_KEY, type Door, head, PROVIDER_KEY, ROUTE, startDoor } from './start-door.ts';

let door: Door;
afterEach(() => {
  door.stop();
  jest.restoreAllMocks();
});

async function start(answer?: RequestListener): Promise<Door> {
  return (door = await startDoor(answer));
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
])('the target %s is answered with %i', async (target, status) => {
  await start();
  expect(await door.statuses(head('GET', target))).toEqual([status, 200]);
});

test.each([
  ['without a key', 'GET http://a:99999/portkey/v1/models HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['that is none', 'no HTTP at all\r\n\r\n', 400],
  ['with an endless head', `GET /health HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['for a tunnel', 'CONNECT a:99999 HTTP/1.1\r\nhost: a\r\n\r\n', undefined],
])('a request %s ends no more than its connection', async (_, bytes, status) => {
  await start();
  expect((await door.statuses(bytes))[0]).toBe(status);
  expect(await door.statuses('')).toEqual([200]);
});

test('an upload that breaks off breaks off inside too', async () => {
  await start();
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  for (const [framing, part] of [
    ['content-length: 1000', '{"model":'],
    ['transfer-encoding: chunked', '9\r\n{"model":\r\n'],
  ] as const) {
    const socket = door.open();
    socket.write(head('POST', ROUTE, [framing]) + part);
    setTimeout(() => socket.resetAndDestroy(), 50);
    await once(socket, 'close');
    while (door.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(door.seen.splice(0).map(({ body }) => body)).toEqual([undefined]);
  }
  expect(await door.statuses('')).toEqual([200]);
  // A client that leaves is nobody's mistake.
  expect(logged).not.toHaveBeenCalled();
});

test('an answer that breaks off is not given out as a whole one', async () => {
  await start((_, response) => {
    response.write('data: one\n\n', () => setTimeout(() => response.destroy(), 50));
  });
  const socket = door.open();
  socket.write(head('POST', ROUTE, ['content-length: 0']));
  const answer = await text(socket);
  expect(answer).toContain('data: one');
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(await door.statuses('')).toEqual([200]);
});

test('a gateway that hangs up is a 502', async () => {
  await start((request) => void request.socket.destroy());
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await door.statuses(head('POST', ROUTE, ['content-length: 0']))).toEqual([502, 200]);
  expect(String(logged.mock.calls[0])).toContain('Portkey did not answer: ECONNRESET');
});

test('a mistake in the handling of an answer is logged without a secret, and a 502', async () => {
  // A status that no answer can have makes the handler throw.
  await start((request) => void request.socket.end(`HTTP/1.1 000 ${PROVIDER_KEY}\r\n\r\n`));
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await door.statuses(head('POST', ROUTE, ['content-length: 0']))).toEqual([502, 200]);
  const lines = logged.mock.calls.map(String).join('\n');
  expect(lines).toMatch(/an answer failed: ERR_HTTP_INVALID_STATUS_CODE at .*forward\.mjs/);
  for (const secret of [PROVIDER_KEY, CLIENT_KEY]) expect(lines).not.toContain(secret);
});
