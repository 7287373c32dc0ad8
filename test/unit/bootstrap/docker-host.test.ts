/** Asks a daemon for its status: at a local socket directly, elsewhere by dockerode, with the same results. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonState, daemonStatus } from '../../../bootstrap/docker-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-docker-'));
const servers: Server[] = [];
const before = process.env.DOCKER_HOST;

/** Starts a daemon that answers pings with the given status, and knows one image. */
async function startDaemon(listen: (server: Server, done: () => void) => void, ping = 200): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '');
    response.statusCode = path === '/_ping' ? ping : path === '/images/there/json' ? 200 : 404;
    response.end('{}');
  });
  servers.push(server);
  await new Promise<void>((done) => listen(server, done));
  return server;
}

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = before;
});

test.each(['unix', 'tcp'])('a daemon at a %s address is asked for its state and for images', async (kind) => {
  const socket = join(folder, 'docker.sock');
  const server = await startDaemon((one, done) =>
    kind === 'unix' ? one.listen(socket, done) : one.listen(0, '127.0.0.1', done),
  );
  const address = server.address() as AddressInfo;
  process.env.DOCKER_HOST = kind === 'unix' ? `unix://${socket}` : `tcp://127.0.0.1:${address.port}`;
  expect(await daemonState()).toEqual({ ok: true });
  expect(await daemonStatus('/images/there/json')).toBe(200);
  expect(await daemonStatus('/images/missing/json')).toBe(404);
});

test('a daemon that answers a ping with an error is not ready', async () => {
  const socket = join(folder, 'broken.sock');
  await startDaemon((one, done) => one.listen(socket, done), 500);
  process.env.DOCKER_HOST = `unix://${socket}`;
  expect(await daemonState()).toEqual({ ok: false, reason: 'it answers with HTTP status 500' });
});

test.each([
  [`unix://${folder}/none.sock`, 'ENOENT'],
  ['tcp://127.0.0.1:1', 'ECONNREFUSED'],
])('%s is not reachable: %s', async (host, code) => {
  process.env.DOCKER_HOST = host;
  expect(await daemonState()).toMatchObject({ ok: false, code });
});
