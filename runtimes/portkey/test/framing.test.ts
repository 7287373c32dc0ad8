/** The auth proxy of the stack's own Portkey and Portkey agree where a request ends: no request can be smuggled in a body. */
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuthProxy, head, PROVIDER_KEY, ROUTE, startAuthProxy } from './start-auth-proxy.ts';

/** The request that an attacker wants Portkey to process: call this host, with your keys. */
const SMUGGLED = [
  'POST /v1/chat/completions HTTP/1.1',
  ...['host: inner', 'content-type: application/json', 'content-length: 2'],
  ...['x-portkey-provider: openai', 'x-portkey-custom-host: http://attacker.example/v1', '', '{}'],
].join('\r\n');

const BODIES = [
  ['chunked', ['transfer-encoding: chunked'], `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  ['of a known length', [`content-length: ${SMUGGLED.length}`], SMUGGLED],
] as const;

let proxy: AuthProxy;
beforeEach(async () => {
  proxy = await startAuthProxy();
});
afterEach(() => proxy.stop());

/** A valid request. Its response comes after Portkey has received everything before it. */
const valid = head('POST', ROUTE, ['content-length: 2']) + '{}';

describe.each(BODIES)('a body that is %s', (_, framing, body) => {
  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'PATCH'])(
    'does not reach Portkey with %s',
    async (method) => {
      expect(await proxy.statuses(head(method, ROUTE, [...framing]) + body + valid)).toEqual([405, 200, 200]);
      expect(proxy.seen.map(({ method, body }) => [method, body])).toEqual([['POST', '{}']]);
    },
  );

  test.each(['/portkey/v1/models', '/health'])('does not reach Portkey with %s', async (path) => {
    expect(await proxy.statuses(head('GET', path, [...framing]) + body + valid)).toEqual([200, 200, 200]);
    expect(proxy.seen.map(({ body }) => body)).toEqual(['{}']);
  });

  test.each([
    ['', []],
    [
      'that names its framing in the Connection header',
      ['connection: content-length, transfer-encoding, x-mine'],
    ],
    ['that expects 100-continue', ['expect: 100-continue']],
  ])('is the body of a POST %s', async (_, headers) => {
    const sent = [...headers, ...framing, 'x-mine: of this connection'];
    const statuses = await proxy.statuses(head('POST', ROUTE, sent) + body + valid);
    expect(statuses.filter((status) => status !== 100)).toEqual([200, 200, 200]);
    expect(proxy.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', SMUGGLED],
      ['POST', '{}'],
    ]);
    for (const { headers } of proxy.seen) {
      expect(headers['x-portkey-custom-host']).toBeUndefined();
      expect(headers['x-portkey-config']).toContain(PROVIDER_KEY);
      expect(headers.connection).toBe('close');
      expect([headers.expect, headers.authorization]).toEqual([undefined, undefined]);
    }
    const named = headers.some((header) => header.includes('x-mine'));
    expect(proxy.seen[0]?.headers['x-mine']).toBe(named ? undefined : 'of this connection');
  });

  test('is the body of a POST that asks for an upgrade, and the upgrade is not forwarded', async () => {
    const socket = proxy.open();
    socket.write(head('POST', ROUTE, ['connection: upgrade, close', 'upgrade: h2c', ...framing]) + body);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(proxy.seen.map(({ headers, body }) => [headers.upgrade, body])).toEqual([[undefined, SMUGGLED]]);
  });
});

test('a 405 names the allowed method', async () => {
  const socket = proxy.open();
  socket.end(head('GET', ROUTE));
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toMatch(
    /\r\nallow: POST\r\n/i,
  );
});

test.each([
  ['two framings', ['content-length: 2', 'transfer-encoding: chunked']],
  ['two lengths', ['content-length: 2', 'content-length: 3']],
  ['an invalid length', ['content-length: +2']],
  ['a transfer coding that cannot be forwarded', ['transfer-encoding: gzip, chunked']],
])('a POST with %s is rejected', async (_, framing) => {
  const [status] = await proxy.statuses(head('POST', ROUTE, framing) + `2\r\n{}\r\n0\r\n\r\n`);
  expect([status, proxy.seen]).toEqual([400, []]);
});

test('a POST without a body is forwarded without a body', async () => {
  expect(await proxy.statuses(head('POST', ROUTE) + valid)).toEqual([200, 200, 200]);
  expect(proxy.seen.map(({ body, headers }) => [body, headers['content-length']])).toEqual([
    ['', '0'],
    ['{}', '2'],
  ]);
});

test('a stalled upload is rejected, and its connection closed', async () => {
  proxy.stop();
  proxy = await startAuthProxy(undefined, { stallMs: 50 });
  const socket = proxy.open();
  socket.write(`${head('POST', ROUTE, ['content-length: 9'])}{"a"`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  // A request that arrived in time has no such limit for its response.
  expect(await proxy.statuses(valid)).toEqual([200, 200]);
});
