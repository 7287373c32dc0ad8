// The proxy in front of Portkey's open-source gateway: checks the client's key, sets the routes, and keeps the providers' keys secret.
//
// A client chooses only the model. Its own x-portkey headers would choose other upstreams with other keys, so they are rejected.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, request as sendRequest } from 'node:http';
import { forwarder } from './forward.mjs';
import { logError } from './log-error.mjs';
import { sendError } from './send-error.mjs';

/** The allowed method of each path. Portkey has more paths, and routes a GET differently. */
const METHODS = new Map([
  ['/health', 'GET'],
  ['/v1/models', 'GET'],
  ['/v1/chat/completions', 'POST'],
  ['/v1/completions', 'POST'],
  ['/v1/embeddings', 'POST'],
  ['/v1/messages', 'POST'],
  ['/v1/responses', 'POST'],
]);

/**
 * Creates the HTTP server that clients connect to.
 *
 * @param config the routes with the providers' keys.
 * @param clientKeys `{sha256, until?}` of each client key.
 * @param redact a redactor of the providers' keys.
 * @param inner Portkey's port on loopback.
 * @param stallMs how long an upload may stall, in milliseconds; the default is 25 s.
 */
export function createAuthProxy({ config, clientKeys, redact, inner, stallMs }) {
  const hasValidKey = keyCheck(clientKeys);
  const forward = forwarder({ config, redact, inner, stallMs });
  const data = config.targets.map(({ name: id }) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'portkey',
  }));
  const models = JSON.stringify({ object: 'list', data });

  function answer(request, response) {
    // No URL parser: it throws on some input that a client can send. Absolute targets (for a forward proxy) are not supported.
    if (!request.url.startsWith('/')) return sendError(response, 400, 'Expected a path that begins with /.');
    const path = request.url.split('?', 1)[0].replace(/^\/portkey(?=\/)/, '');
    const open = path === '/health';
    if (!open && !hasValidKey(request.headers))
      return sendError(response, 401, 'Expected a valid key: Authorization: Bearer …');
    const own = Object.keys(request.headers).find((name) => name.startsWith('x-portkey-'));
    if (own) return sendError(response, 400, `The header ${own} is not allowed: the stack sets the routes.`);
    const method = METHODS.get(path);
    if (method === undefined) return sendError(response, 404, `${path} does not exist here.`);
    if (request.method !== method)
      return sendError(response, 405, `${path} supports only ${method}.`, { allow: method });
    if (open) return health(response, inner);
    if (path === '/v1/models')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(models);
    forward(request, response, path);
  }

  return createServer((request, response) => {
    try {
      answer(request, response);
    } catch (error) {
      logError('a request failed', error);
      sendError(response, 500, 'Internal error: the request could not be processed.');
    }
  });
}

/** Returns a function: whether a request's headers contain a known key that has not expired. */
function keyCheck(clientKeys) {
  const known = clientKeys.map(({ sha256, until }) => ({
    hash: Buffer.from(sha256, 'hex'),
    until: until === undefined ? Infinity : Date.parse(until),
  }));
  return (headers) => {
    const given = headers['x-api-key'] ?? /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (typeof given !== 'string') return false;
    const hash = createHash('sha256').update(given).digest();
    return known.filter((key) => Date.now() < key.until && timingSafeEqual(key.hash, hash)).length > 0;
  };
}

function health(response, inner) {
  sendRequest({ host: '127.0.0.1', port: inner, path: '/', agent: false }, (answer) => {
    answer.resume();
    response.writeHead(answer.statusCode === 200 ? 200 : 503).end();
  })
    .on('error', () => sendError(response, 503, 'Portkey does not respond.'))
    .end();
}
