// Before Portkey's open-source gateway: checks the client's key, chooses the routes, keeps the providers' keys to itself.
//
// A client says nothing but the model. Its own x-portkey headers would choose other upstreams with other keys: they are refused.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, request as ask } from 'node:http';
import { forwarder } from './forward.mjs';
import { refuse } from './refuse.mjs';
import { report } from './report.mjs';

/** The only method of each path. Portkey has more paths, and takes a GET for another route. */
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
 * The HTTP server that clients reach.
 *
 * @param config the routes with the providers' keys.
 * @param clientKeys `{sha256, until?}` of each key that may ask.
 * @param redact a redactor of the providers' keys.
 * @param inner the port on loopback where Portkey listens.
 * @param stallMs how long an upload may stall, in milliseconds; 25 s where it is left out.
 */
export function createDoor({ config, clientKeys, redact, inner, stallMs }) {
  const mayAsk = keyCheck(clientKeys);
  const handOn = forwarder({ config, redact, inner, stallMs });
  const data = config.targets.map(({ name: id }) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'portkey',
  }));
  const models = JSON.stringify({ object: 'list', data });

  function answer(request, response) {
    // Nothing here needs a URL parser, which throws at what a client may send; a proxy's absolute targets are not for this server.
    if (!request.url.startsWith('/')) return refuse(response, 400, 'Expected a path that begins with /.');
    const path = request.url.split('?', 1)[0].replace(/^\/portkey(?=\/)/, '');
    const open = path === '/health';
    if (!open && !mayAsk(request.headers))
      return refuse(response, 401, 'Expected a valid key: Authorization: Bearer …');
    const own = Object.keys(request.headers).find((name) => name.startsWith('x-portkey-'));
    if (own) return refuse(response, 400, `${own} is not accepted here: the routes are the stack's own.`);
    const method = METHODS.get(path);
    if (method === undefined) return refuse(response, 404, `There is no ${path} here.`);
    if (request.method !== method)
      return refuse(response, 405, `${path} is asked by ${method}.`, { allow: method });
    if (open) return health(response, inner);
    if (path === '/v1/models')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(models);
    handOn(request, response, path);
  }

  return createServer((request, response) => {
    try {
      answer(request, response);
    } catch (error) {
      report('a request failed', error);
      refuse(response, 500, 'The request could not be handled.');
    }
  });
}

/** Whether a request's headers hold a key that is known and whose time is not over. */
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
  ask({ host: '127.0.0.1', port: inner, path: '/', agent: false }, (answer) => {
    answer.resume();
    response.writeHead(answer.statusCode === 200 ? 200 : 503).end();
  })
    .on('error', () => refuse(response, 503, 'Portkey does not answer.'))
    .end();
}
