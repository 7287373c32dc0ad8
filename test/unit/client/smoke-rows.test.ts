/** The request that `up` and `smoke` send without opencode, against a server that records its requests. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { askOnce } from '../../../client/ask-gateway.ts';
import { askOverHttp } from '../../../client/smoke-rows.ts';
import type { SmokeTarget } from '../../../domain/schema/outputs-schema.ts';
import { shippedClient } from '../../harness/client-of.ts';

let server: Server;
let endpoint: string;
let received: unknown[];
let answer: { status: number; headers: Record<string, string>; body: unknown };

beforeAll(async () => {
  server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      received.push(JSON.parse(Buffer.concat(chunks as Buffer[]).toString()));
      response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  received = [];
  answer = { status: 200, headers: {}, body: { choices: [{ message: { content: 'pong' } }] } };
});

const target: SmokeTarget = { layer: 2, provider: 'litellm', model: 'gpt-4', key: 'OPENAI_API_KEY' };
const ask = () => askOverHttp(target, { stack: 'dev', client: shippedClient(), endpoint });

test("bypasses the gateway's cache, since a cached answer proves nothing", async () => {
  expect(await askOnce(endpoint, 'sk-x', 'gpt-4')).toMatchObject({ ok: true, text: 'pong' });
  expect(received).toEqual([
    expect.objectContaining({ model: 'gpt-4', cache: { 'no-cache': true, 'no-store': true } }),
  ]);
});

test.each([
  ['0', ''],
  ['1', '1 fallback tried'],
  ['2', '2 fallbacks tried'],
])('reports fallbacks as the request through opencode does: %s', async (attempts, reason) => {
  answer.headers = { 'x-litellm-attempted-fallbacks': attempts, 'x-litellm-model-group': 'groq-mixtral' };
  expect(await ask()).toMatchObject({ ok: true, model: 'groq-mixtral', reason });
});

test('a failure is reported with the command that helps', async () => {
  answer = { status: 401, headers: {}, body: { error: { message: 'Incorrect API key provided' } } };
  expect(await ask()).toMatchObject({
    ok: false,
    model: 'gpt-4',
    reason:
      'the provider of gpt-4 rejected the key (401): Incorrect API key provided; pulumi config set --secret OPENAI_API_KEY --stack dev',
  });
  const closed = { stack: 'dev', client: shippedClient(), endpoint: 'http://127.0.0.1:9' };
  expect((await askOverHttp(target, closed)).reason).toMatch(
    /^the gateway does not answer: .*; \.\/switchyard status dev$/,
  );
});
