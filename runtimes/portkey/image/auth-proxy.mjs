// The proxy in front of Portkey's open-source gateway: checks the client's key, sets the routes, and keeps the providers' keys secret.
//
// A client chooses only the model. Its own x-portkey headers would choose other upstreams with other keys, so they are rejected.
import { createServer } from 'node:http';
import { keyCheck } from './client-keys.mjs';
import { forwarder } from './forward.mjs';
import { logError } from './log-error.mjs';
import { requestId, sendError } from './send-error.mjs';

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
 * @param keyFile the path of client-keys.json.
 * @param redact a redactor of the providers' keys.
 * @param inner Portkey's port on loopback.
 * @param ready whether Portkey has started: the answer to health checks. A check must cost little, and must not wait while Portkey is busy.
 * @param maxBodyBytes the length of the largest body.
 * @param stallMs how long an upload may stall, in milliseconds; the default is 25 s.
 * @param lingerMs how long a client that goes on sending may take to read a 413, in milliseconds; the default is 2 s.
 */
export function createAuthProxy({ config, keyFile, redact, inner, ready, maxBodyBytes, stallMs, lingerMs }) {
  const hasValidKey = keyCheck(keyFile);
  const forward = forwarder({ config, redact, inner, maxBodyBytes, stallMs, lingerMs });
  const data = config.targets.map(({ name: id }) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'portkey',
  }));
  const models = JSON.stringify({ object: 'list', data });

  function answer(request, response) {
    response.setHeader('x-request-id', requestId(request.headers));
    // No URL parser: it throws on some input that a client can send. Absolute targets (for a forward proxy) are not supported.
    if (!request.url.startsWith('/'))
      return sendError(response, 400, 'bad_request', 'Expected a path that begins with /.');
    const path = request.url.split('?', 1)[0].replace(/^\/portkey(?=\/)/, '');
    const open = path === '/health';
    if (!open && !hasValidKey(request.headers))
      return sendError(response, 401, 'invalid_api_key', 'Expected a valid key: Authorization: Bearer …');
    const own = Object.keys(request.headers).find((name) => name.startsWith('x-portkey-'));
    if (own)
      return sendError(
        response,
        400,
        'refused_header',
        `The header ${own} is not allowed: the stack sets the routes.`,
      );
    const method = METHODS.get(path);
    if (method === undefined) return sendError(response, 404, 'not_found', `${path} does not exist here.`);
    if (request.method !== method)
      return sendError(response, 405, 'method_not_allowed', `${path} supports only ${method}.`, {
        allow: method,
      });
    if (open) return health(response);
    if (path === '/v1/models')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(models);
    forward(request, response, path);
  }

  function health(response) {
    if (ready()) return response.writeHead(200).end();
    sendError(response, 503, 'no_portkey', 'Portkey is still starting.', { 'retry-after': '5' });
  }

  function handle(request, response) {
    try {
      answer(request, response);
    } catch (error) {
      logError('a request failed', error, response);
      sendError(response, 500, 'portkey_failed', 'Internal error: the request could not be processed.');
    }
  }

  // An unknown Expect header is ignored, as in the gateways; Node itself would answer 417 without a body.
  return createServer(handle).on('checkExpectation', handle);
}
