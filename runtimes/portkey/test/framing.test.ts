/** The door of the stack's own Portkey and the gateway behind it agree where a request ends: nobody smuggles a second one inside. */
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Door, head, PROVIDER_KEY, ROUTE, startDoor } from './start-door.ts';

/** What an attacker wishes to say to the gateway itself: ask this host, with your keys. */
const SMUGGLED = [
  'POST /v1/chat/completions HTTP/1.1',
  ...['host: inner', 'content-type: application/json', 'content-length: 2'],
  ...['x-portkey-provider: openai', 'x-portkey-custom-host: http://attacker.example/v1', '', '{}'],
].join('\r\n');

const BODIES = [
  ['chunked', ['transfer-encoding: chunked'], `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  ['of a known length', [`content-length: ${SMUGGLED.length}`], SMUGGLED],
] as const;

let door: Door;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.stop());

/** A proper request, whose answer comes after the gateway has seen all that came before. */
const proper = head('POST', ROUTE, ['content-length: 2']) + '{}';

describe.each(BODIES)('a body that is %s', (_, framing, body) => {
  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'PATCH'])(
    'does not reach the gateway by %s',
    async (method) => {
      expect(await door.statuses(head(method, ROUTE, [...framing]) + body + proper)).toEqual([405, 200, 200]);
      expect(door.seen.map(({ method, body }) => [method, body])).toEqual([['POST', '{}']]);
    },
  );

  test.each(['/portkey/v1/models', '/health'])('does not reach the gateway by %s', async (path) => {
    expect(await door.statuses(head('GET', path, [...framing]) + body + proper)).toEqual([200, 200, 200]);
    // The question after its health carries neither keys nor the body.
    const asked = door.seen.filter(({ method, body }) => method !== 'GET' || body !== '');
    expect(asked.map(({ body }) => body)).toEqual(['{}']);
    expect(JSON.stringify(door.seen.filter(({ path }) => path === '/'))).not.toContain(PROVIDER_KEY);
  });

  test.each([
    ['', []],
    ['that disowns its framing', ['connection: content-length, transfer-encoding, x-mine']],
    ['that waits for a go-ahead', ['expect: 100-continue']],
  ])('stays the body of a POST %s', async (_, headers) => {
    const wanted = [...headers, ...framing, 'x-mine: of this connection'];
    const statuses = await door.statuses(head('POST', ROUTE, wanted) + body + proper);
    expect(statuses.filter((status) => status !== 100)).toEqual([200, 200, 200]);
    expect(door.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', SMUGGLED],
      ['POST', '{}'],
    ]);
    for (const { headers } of door.seen) {
      expect(headers['x-portkey-custom-host']).toBeUndefined();
      expect(headers['x-portkey-config']).toContain(PROVIDER_KEY);
      expect(headers.connection).toBe('close');
      expect([headers.expect, headers.authorization]).toEqual([undefined, undefined]);
    }
    const named = headers.some((header) => header.includes('x-mine'));
    expect(door.seen[0]?.headers['x-mine']).toBe(named ? undefined : 'of this connection');
  });

  test('stays the body of a POST that wishes to upgrade, and the wish ends here', async () => {
    const socket = door.open();
    socket.write(head('POST', ROUTE, ['connection: upgrade, close', 'upgrade: h2c', ...framing]) + body);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(door.seen.map(({ headers, body }) => [headers.upgrade, body])).toEqual([[undefined, SMUGGLED]]);
  });
});

test('405 names the method that is wanted', async () => {
  const socket = door.open();
  socket.end(head('GET', ROUTE));
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toMatch(
    /\r\nallow: POST\r\n/i,
  );
});

test.each([
  ['two framings', ['content-length: 2', 'transfer-encoding: chunked']],
  ['two lengths', ['content-length: 2', 'content-length: 3']],
  ['a length that is none', ['content-length: +2']],
  ['a coding that cannot be handed on', ['transfer-encoding: gzip, chunked']],
])('a POST with %s goes nowhere', async (_, framing) => {
  const [status] = await door.statuses(head('POST', ROUTE, framing) + `2\r\n{}\r\n0\r\n\r\n`);
  expect([status, door.seen]).toEqual([400, []]);
});

test('a POST without a body has none inside either', async () => {
  expect(await door.statuses(head('POST', ROUTE) + proper)).toEqual([200, 200, 200]);
  expect(door.seen.map(({ body, headers }) => [body, headers['content-length']])).toEqual([
    ['', '0'],
    ['{}', '2'],
  ]);
});

test('an upload that stalls is refused, and its connection closed', async () => {
  door.stop();
  door = await startDoor(undefined, 50);
  const socket = door.open();
  socket.write(`${head('POST', ROUTE, ['content-length: 9'])}{"a"`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  // What has arrived in time is answered however long that takes.
  expect(await door.statuses(proper)).toEqual([200, 200]);
});
