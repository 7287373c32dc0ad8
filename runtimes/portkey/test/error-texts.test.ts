/** Errors of an upstream leave the auth proxy without a key in any encoding, in headers too. */
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { type AuthProxy, head, PROVIDER_KEY as KEY, ROUTE, startAuthProxy } from './start-auth-proxy.ts';

let proxy: AuthProxy;
afterEach(() => proxy.stop());

async function answered(status: number, headers: Record<string, string>, body: string): Promise<string> {
  proxy = await startAuthProxy((_, response) => void response.writeHead(status, headers).end(body));
  const socket = proxy.open();
  socket.write(head('POST', ROUTE, ['content-length: 0', 'connection: close']));
  return text(socket);
}

const each = (say: (code: number) => string): string => [...KEY].map((c) => say(c.charCodeAt(0))).join('');
const hex = (code: number, width = 2): string => code.toString(16).padStart(width, '0');
const base64 = (data: string | Buffer): string => Buffer.from(data).toString('base64');

test.each([
  ['json', each((c) => `\\u${hex(c, 4)}`)],
  ['json, twice', each((c) => `\\\\u${hex(c, 4)}`)],
  ['percent', each((c) => `%${hex(c)}`)],
  ['percent, twice', each((c) => `%25${hex(c)}`)],
  ['entities', each((c) => `&#${c};`)],
  ['hexadecimal entities', each((c) => `&#x${hex(c)};`)],
  ['hex escapes', each((c) => `\\x${hex(c)}`)],
  ['hex with colons', each((c) => `${hex(c)}:`)],
  ['numbers', JSON.stringify([...Buffer.from(KEY)])],
  ['zero width', [...KEY].join('\u200b')],
  ['full width', each((c) => String.fromCharCode(c + 0xfee0))],
  ['line feed', `${KEY.slice(0, 9)}\n${KEY.slice(9)}`],
  ['base64 of base64', base64(base64(KEY))],
  ['base64 of gzip', base64(gzipSync(KEY))],
  ['base64 of utf-16', base64(Buffer.from(KEY, 'utf16le'))],
])('an error with the key encoded as %s is omitted', async (_, errorText) => {
  const answer = await answered(401, { 'content-length': String(Buffer.byteLength(errorText)) }, errorText);
  expect(answer).not.toContain(errorText);
  expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*upstream_error[^]*\r\n0\r\n\r\n$/);
});

test('an error without a key is not changed', async () => {
  const errorText = JSON.stringify({
    error: { message: 'Rate limit reached for gpt-5: 30000, 100 %', type: 'tokens' },
  });
  expect(await answered(429, { 'retry-after': '7' }, errorText)).toMatch(/retry-after: 7\r\n/);
  proxy.stop();
  expect(await answered(429, {}, errorText)).toContain(errorText);
});

test.each([200, 401])('headers are allowed by name, with status %i', async (status) => {
  const answer = await answered(
    status,
    {
      [KEY]: 'v',
      [`x-ratelimit-${KEY}`]: 'v',
      'x-other': 'v',
      'x-request-id': each((c) => `%${hex(c)}`),
      'x-ratelimit-limit-tokens': '9',
    },
    '{}',
  );
  expect(answer).toContain('x-ratelimit-limit-tokens: 9');
  expect(answer).not.toMatch(new RegExp(`${KEY}|x-other|x-request-id`, 'i'));
});
