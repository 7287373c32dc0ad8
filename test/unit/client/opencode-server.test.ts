/** The server of opencode, with a script in its place: a provider that fails, a server that does not start, a stop. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OpencodeServer } from '../../../client/opencode-server.ts';

/** Answers as opencode 1.18.33 does; the model decides how. Writes its process id, and each request's path and session. */
const OPENCODE = `#!${process.execPath}
const { createServer } = require('node:http');
const { appendFileSync } = require('node:fs');
const note = (line) => appendFileSync('seen', line + '\\n');
if (process.argv[2] !== 'serve') process.exit(2);
note('pid ' + process.pid);
const open = new Map();
let sessions = 0;
const server = createServer(async (request, response) => {
  const text = Buffer.concat(await request.toArray()).toString();
  const end = (status, body) => response.writeHead(status).end(JSON.stringify(body));
  const password = Buffer.from('opencode:' + process.env.OPENCODE_SERVER_PASSWORD).toString('base64');
  if (request.headers.authorization !== 'Basic ' + password) return end(401, {});
  const [, , session, verb] = request.url.split('/');
  note(request.url);
  if (session === undefined) return end(200, { id: 'ses_' + ++sessions });
  if (verb === 'abort') return open.get(session)?.({ info: {}, parts: [] }), end(200, true);
  const { model, parts } = JSON.parse(text);
  if (model.modelID === 'ok')
    return end(200, { info: { tokens: { output: 1 } }, parts: [{ type: 'step-start' }, { type: 'text', text: 'to ' + parts[0].text }] });
  if (model.modelID === 'empty') return end(200, { info: { tokens: { output: 0 } }, parts: [] });
  if (model.modelID === 'refused') return end(200, { info: { error: { name: 'APIError', data: { message: 'no such key' } } }, parts: [] });
  if (model.modelID === 'crash') process.exit(7);
  open.set(session, (body) => end(200, body));
  if (model.modelID !== 'down') return;
  for (const small of ['true', 'false', 'false'])
    console.error('level=ERROR message="stream error" session.id=' + session + ' small=' + small + ' agent=x error.error="AI_APICallError: 503 from it"');
});
if (process.env.MODE === 'broken') process.exit(3);
server.listen(0, '127.0.0.1', () => console.log('opencode server listening on http://127.0.0.1:' + server.address().port));
`;

let dir: string;
let servers: OpencodeServer[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-opencode-server-'));
  servers = [];
  writeFileSync(join(dir, 'opencode'), OPENCODE, { mode: 0o755 });
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

function start(more: { bin?: string; signal?: AbortSignal; env?: NodeJS.ProcessEnv } = {}): OpencodeServer {
  const server = new OpencodeServer({ bin: join(dir, 'opencode'), env: {}, cwd: dir, ...more });
  servers.push(server);
  return server;
}

const ask = (server: OpencodeServer, model: string, timeoutMs = 60_000): ReturnType<OpencodeServer['ask']> =>
  server.ask({ model: `x/${model}`, prompt: 'you', title: 't', timeoutMs, maxFailures: 2 });
const seen = (): string[] => readFileSync(join(dir, 'seen'), 'utf8').split('\n').filter(Boolean);

test('one process answers all questions, each in a session of its own, and is gone afterwards', async () => {
  const server = start();
  const answers = await Promise.all(['ok', 'ok/with/slashes', 'ok'].map((model) => ask(server, model, 2000)));
  expect(answers.map(({ ok, text }) => [ok, text])).toEqual([
    [true, 'to you'],
    [false, ''],
    [true, 'to you'],
  ]);
  const pids = seen().flatMap((line) => /^pid (\d+)$/.exec(line)?.[1] ?? []);
  expect(pids).toHaveLength(1);
  expect(new Set(seen().filter((line) => line.endsWith('/message'))).size).toBe(3);
  await server.stop();
  expect(() => process.kill(Number(pids[0]), 0)).toThrow();
});

test.each([
  ['refused', 'no such key'],
  ['empty', 'opencode finished without an answer'],
  ['down', 'the provider failed 2 times in a row: 503 from it'],
])('what failed is told: %s', async (model, reason) => {
  expect(await ask(start(), model)).toMatchObject({ ok: false, reason });
});

test('a question that was given up is aborted, since opencode itself would retry for ever; others go on', async () => {
  const server = start();
  const [down, hanging, good] = await Promise.all([
    ask(server, 'down'),
    ask(server, 'hang', 500),
    ask(server, 'ok'),
  ]);
  expect([down.ok, hanging.reason, good.ok]).toEqual([false, 'timed out after 1 s', true]);
  expect(seen().filter((line) => line.endsWith('/abort'))).toHaveLength(2);
});

test('a server that cannot start, ends or is stopped is the reason of each answer', async () => {
  const missing = start({ bin: join(dir, 'missing') });
  expect((await ask(missing, 'ok')).reason).toMatch(
    /^cannot start opencode \(ENOENT: .*; \.\/switchyard doctor$/,
  );
  const broken = start({ env: { MODE: 'broken' } });
  expect((await ask(broken, 'ok')).reason).toBe('opencode serve exited with code 3');
  const crashed = start();
  expect((await ask(crashed, 'crash')).reason).toBe('opencode serve exited with code 7');
  const controller = new AbortController();
  const stopped = start({ signal: controller.signal });
  const answer = ask(stopped, 'hang');
  while (!existsSync(join(dir, 'seen')) || !seen().at(-1)!.endsWith('/message'))
    await new Promise((done) => setTimeout(done, 20));
  controller.abort();
  expect((await answer).reason).toBe('stopped');
});
