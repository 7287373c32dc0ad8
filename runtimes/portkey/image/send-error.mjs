// Errors in the format of the client's API, with the request's id, which is also in the log.
import { randomUUID } from 'node:crypto';

const MAX_TEXT = 2000;

/** The id that the edge or the client gave a request; otherwise a new one. The same rule as in the gateways' requests_log.py. */
export function requestId(headers) {
  const given = headers['x-request-id'];
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{7,63}$/.test(given ?? '') ? given : randomUUID().replaceAll('-', '');
}

/** An error's body. The response's header has the id, and its request the path, which determines the API. */
function errorBody(response, status, { message, type, param = null, code = null }) {
  const id = response.getHeader('x-request-id');
  const anthropic = /\/v1\/messages(\?|$)/.test(response.req?.url ?? '');
  type ??= status < 500 ? 'invalid_request_error' : anthropic ? 'api_error' : 'server_error';
  if (anthropic) return JSON.stringify({ type: 'error', error: { type, message }, request_id: id });
  return JSON.stringify({ error: { message, type, param, code, request_id: id } });
}

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * The body of an upstream's or Portkey's error, in the client's format.
 *
 * @param said the error as it came: JSON of any provider, Portkey's `{status, message}`, or plain text.
 */
export function upstreamError(response, said) {
  const status = response.statusCode;
  let parsed;
  try {
    parsed = JSON.parse(said);
  } catch {
    // Plain text, or a page of HTML, of which the client gets the beginning.
    const message = said.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT); // prettier-ignore
    return errorBody(response, status, { message: message || `The upstream responded with ${status}.` });
  }
  const error = parsed?.error ?? parsed;
  // Portkey's words would tell the client that its own request was too slow.
  const late = /^Request exceeded the timeout sent in the request: (\d+)ms$/.exec(text(error?.message) ?? '');
  if (late) error.message = `The provider did not respond within ${Number(late[1]) / 1000} s.`;
  const message = text(error?.message) ?? text(error) ?? text(parsed?.message) ?? text(parsed?.detail);
  return errorBody(response, status, {
    message: message ?? JSON.stringify(parsed).slice(0, MAX_TEXT),
    type: text(error?.type),
    param: text(error?.param) ?? null,
    code: text(error?.code) ?? null,
  });
}

/** Sends an error. If the response has already begun, it can only be cut off. */
export function sendError(response, status, code, message, headers = {}) {
  if (beginError(response, status, code, message, headers)) response.end();
}

/** Sends an error without ending the response, so that its connection stays open. Returns whether it could. */
export function beginError(response, status, code, message, headers = {}) {
  if (response.writableEnded) return false;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return false;
  }
  const body = errorBody(response, status, { message, code });
  if (status >= 500)
    console.error(`portkey: request ${response.getHeader('x-request-id')}: responds with ${status} ${code}`);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.write(body);
  return true;
}
