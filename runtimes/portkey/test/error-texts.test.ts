/** Errors of an upstream leave the auth proxy without a key in any encoding, in headers too. */
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, jest, test } from '@jest/globals';
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

test('an error without a key keeps its message, type and headers', async () => {
  const error = { message: 'Rate limit reached for gpt-5: 30000, 100 %', type: 'tokens' };
  const answer = await answered(429, { 'retry-after': '7' }, JSON.stringify({ error }));
  expect(answer).toMatch(/retry-after: 7\r\n/);
  expect(errorOf(answer)).toMatchObject(error);
});

const PAGE = '<html><title>Bad gateway</title><p>Try again</p></html>';
test.each([
  [
    "a provider's error",
    '{"error":{"message":"No.","type":"t","code":"c"},"provider":"groq"}',
    'No.',
    't',
    'c',
  ],
  [
    "Portkey's own error",
    '{"status":"failure","message":"Something went wrong"}',
    'Something went wrong',
    'server_error',
    null,
  ],
  ['a message alone', '{"message":"Not found"}', 'Not found', 'server_error', null],
  ['a text', '{"error":"model_not_ready"}', 'model_not_ready', 'server_error', null],
  ['a list', '[{"a":1}]', '[{"a":1}]', 'server_error', null],
  ['a page', PAGE, 'Bad gateway Try again', 'server_error', null],
  ['nothing', '', 'The upstream responded with 500.', 'server_error', null],
  [
    'a timeout',
    '{"error":{"message":"Request exceeded the timeout sent in the request: 120000ms","type":"timeout_error"}}',
    'The provider did not respond within 120 s.',
    'timeout_error',
    null,
  ],
])("%s has the format of OpenAI's API and the request's id", async (_, said, message, type, code) => {
  const answer = await answered(500, { 'content-type': 'text/html' }, said);
  const { request_id: id, ...error } = errorOf(answer);
  expect(error).toEqual({ message, type, param: null, code });
  expect(answer).toContain(`x-request-id: ${String(id)}\r\n`);
  expect(answer).toContain('content-type: application/json\r\n');
});

test.each([
  ['the id of the edge', 'edge-0123456789', 'edge-0123456789'],
  ['an id that could be something else', 'a b', undefined],
  ['no id', undefined, undefined],
])('a request with %s has one, in the response, its error and the log', async (_, given, expected) => {
  proxy = await startAuthProxy((request) => void request.socket.destroy());
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const socket = proxy.open();
  const headers = given === undefined ? [] : [`x-request-id: ${given}`];
  socket.write(head('POST', ROUTE, [...headers, 'content-length: 0', 'connection: close']));
  const answer = await text(socket);
  const id = /x-request-id: (\S+)\r\n/.exec(answer)?.[1];
  expect(id).toMatch(expected === undefined ? /^[0-9a-f]{32}$/ : new RegExp(`^${expected}$`));
  expect(errorOf(answer)).toMatchObject({ code: 'no_answer', request_id: id });
  expect(String(logged.mock.calls)).toContain(`request ${id}: `);
  logged.mockRestore();
});

test("on Anthropic's route an error has the format of Anthropic's API", async () => {
  proxy = await startAuthProxy();
  const socket = proxy.open();
  socket.write('POST /portkey/v1/messages HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  const body = JSON.parse((await text(socket)).split('\r\n\r\n')[1] ?? '') as Record<string, unknown>;
  expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  expect(body.request_id).toMatch(/^[0-9a-f]{32}$/);
});

/** The error in a response, whose body may be chunked. */
function errorOf(answer: string): Record<string, unknown> {
  const { error } = JSON.parse(/\{.*\}/s.exec(answer.split('\r\n\r\n').slice(1).join(''))?.[0] ?? '') as {
    error: Record<string, unknown>;
  };
  return error;
}

test.each([200, 401])('headers are allowed by name, with status %i', async (status) => {
  const answer = await answered(
    status,
    {
      [KEY]: 'v',
      [`x-ratelimit-${KEY}`]: 'v',
      'x-other': 'v',
      'openai-version': each((c) => `%${hex(c)}`),
      'x-ratelimit-limit-tokens': '9',
    },
    '{}',
  );
  expect(answer).toContain('x-ratelimit-limit-tokens: 9');
  expect(answer).not.toMatch(new RegExp(`${KEY}|x-other|openai-version`, 'i'));
});
