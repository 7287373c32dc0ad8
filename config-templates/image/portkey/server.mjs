// In front of Portkey's open-source gateway: checks the client's key, chooses the routes, keeps the providers' keys to itself.
//
//   /run/secrets/client-keys.json      {"keys": [{"name", "sha256", "until"?}]}: who may ask
//   /run/secrets/portkey-config.json   the routes with the providers' keys, rendered from the catalogue
//
// A client says nothing but the model. Its own x-portkey headers would choose other upstreams with other keys: they are refused.
import { spawn } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { redactor } from './redact.mjs';

const PORT = Number(process.env.PORT ?? 8787);
const INNER = PORT + 1;
const SECRETS = process.env.SECRETS_DIR ?? '/run/secrets';
const GATEWAY = new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url).pathname;
const ROUTES = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/messages',
  '/v1/responses',
]);
/** What belongs to one connection, and what only this process may say. */
const DROPPED =
  /^(host|connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|authorization|x-api-key)$/;

const read = (name) => JSON.parse(readFileSync(`${SECRETS}/${name}`, 'utf8'));
const clientKeys = read('client-keys.json').keys.map(({ sha256, until }) => ({
  hash: Buffer.from(sha256, 'hex'),
  until: until === undefined ? Infinity : Date.parse(until),
}));
const config = read('portkey-config.json');
// A header holds no character beyond Latin-1.
const header = JSON.stringify(config).replace(
  /[^\x20-\x7e]/g,
  (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
const models = config.targets.map(({ name }) => name);
const leaves = config.targets.flatMap(({ targets }) => targets ?? []);
const { mask, stream: redact } = redactor(leaves.flatMap(({ api_key: key }) => key ?? []));

function mayAsk(headers) {
  const given = headers['x-api-key'] ?? /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (typeof given !== 'string') return false;
  const hash = createHash('sha256').update(given).digest();
  return (
    clientKeys.filter(({ hash: known, until }) => Date.now() < until && timingSafeEqual(known, hash)).length >
    0
  );
}

function refuse(response, status, message) {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://portkey').pathname.replace(/^\/portkey(?=\/)/, '');
  if (path === '/health') return health(response);
  if (!mayAsk(request.headers))
    return refuse(response, 401, 'A valid key is wanted: Authorization: Bearer …');
  const own = Object.keys(request.headers).find((name) => name.startsWith('x-portkey-'));
  if (own) return refuse(response, 400, `${own} is not accepted here: the routes are the stack's own.`);
  if (path === '/v1/models' && request.method === 'GET') {
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'portkey' }));
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ object: 'list', data }));
  }
  if (!ROUTES.has(path)) return refuse(response, 404, `There is no ${path} here.`);
  handOn(request, response, path);
});

function handOn(request, response, path) {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !DROPPED.test(name)));
  const inner = ask(
    {
      host: '127.0.0.1',
      port: INNER,
      path,
      method: request.method,
      // A compressed body could not be searched for keys.
      headers: { ...headers, 'accept-encoding': 'identity', 'x-portkey-config': header },
    },
    (answer) => {
      // An upstream may say a key back: in a header or a body, of an error or of a stream that begins well.
      const kept = Object.entries(answer.headers).filter(([name]) => !DROPPED.test(name));
      response.writeHead(
        answer.statusCode,
        Object.fromEntries(kept.map(([name, value]) => [name, mask(String(value))])),
      );
      answer.pipe(redact()).pipe(response);
      answer.on('error', () => response.destroy());
    },
  );
  inner.on('error', () =>
    response.headersSent ? response.destroy() : refuse(response, 502, 'Portkey does not answer.'),
  );
  response.on('close', () => inner.destroy());
  request.pipe(inner);
}

function health(response) {
  ask({ host: '127.0.0.1', port: INNER, path: '/' }, (answer) => {
    answer.resume();
    response.writeHead(answer.statusCode === 200 ? 200 : 503).end();
  })
    .on('error', () => response.writeHead(503).end())
    .end();
}

// Hosts that the operator named are trusted; without that, private addresses are refused.
const hosts = leaves.flatMap(({ custom_host: host }) => (host ? [new URL(host).hostname] : []));
const portkey = spawn(
  process.execPath,
  [
    '--import',
    new URL('loopback.mjs', import.meta.url).pathname,
    '--max-http-header-size=4194304',
    GATEWAY,
    `--port=${INNER}`,
    '--headless',
  ],
  {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      TRUSTED_CUSTOM_HOSTS: ['127.0.0.1', 'localhost', ...hosts].join(','),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  },
);
// It prints a spinner, and errors with what an upstream said.
for (const stream of [portkey.stdout, portkey.stderr]) {
  stream.pipe(redact()).on('data', (chunk) => {
    for (const line of String(chunk).split('\n'))
      if (line.trim() && !line.includes('Starting AI Gateway')) console.log(line);
  });
}
portkey.on('exit', (code) => process.exit(code ?? 1));

function stop() {
  // What is in flight is finished; the container's stop timeout is the bound.
  server.close(() => portkey.kill('SIGTERM'));
  server.closeIdleConnections();
}
process.on('SIGTERM', stop).on('SIGINT', stop);
server.requestTimeout = 0;
server.listen(PORT);
