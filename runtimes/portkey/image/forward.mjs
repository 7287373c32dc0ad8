// Forwards a request to Portkey with the routes and keys in a header, and returns the response without the keys.
//
// Both connections must agree where each request ends (no request smuggling). Otherwise Portkey could read the rest of a client's body as a
// separate request, with x-portkey headers that were not checked, or as the beginning of the next request, including its keys. Therefore each
// request has its own connection, and its framing headers are created here, not copied.
import { request as sendRequest } from 'node:http';
import { pipeline } from 'node:stream';
import { logError } from './log-error.mjs';
import { announcesTooMuch, rejectTooLarge } from './body-limit.mjs';
import { sendError, upstreamError } from './send-error.mjs';

/** Headers that belong to one connection (RFC 9110, 7.6.1), and headers that only this process may set. */
const DROPPED =
  /^(host|connection|keep-alive|transfer-encoding|upgrade|te|trailer|expect|proxy-.*|authorization|x-api-key)$/;

/** The allowed response headers: those that are useful to clients. An upstream can put a key into a header's name as well as into its value. */
const ALLOWED_RESPONSE_HEADERS =
  /^(content-(type|length|encoding)|date|vary|allow|cache-control|retry-after(-ms)?|x-should-retry|request-id|openai-(processing-ms|version)|((x|anthropic)-)?ratelimit-[a-z0-9-]{1,40}|x-portkey-(last-used-option-index|provider|retry-attempt-count|trace-id|cache-status))$/;

const EXPECTED_FRAMING = 'Expected a body with Content-Length or with Transfer-Encoding: chunked.';

/** How long a client may send no byte of a body that it announced, in milliseconds. */
const STALL_MS = 25_000;

/** A message's headers without {@link DROPPED} and those that its Connection header names. */
function endToEndHeaders(headers) {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.entries(headers).filter(([name]) => !DROPPED.test(name) && !named.has(name));
}

/** The header that determines where the body ends; undefined if that is ambiguous. */
function framing(headers) {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = headers;
  if (coding !== undefined)
    return coding.toLowerCase() === 'chunked' ? { 'transfer-encoding': 'chunked' } : undefined;
  return /^\d+$/.test(length) ? { 'content-length': length } : undefined;
}

/** Returns `(request, response, path)`, which lets Portkey answer a request with the routes in `config`. */
export function forwarder({
  config,
  redact,
  inner: port,
  maxBodyBytes: maxBytes = Infinity,
  stallMs = STALL_MS,
  lingerMs,
}) {
  // A header can contain only Latin-1 characters.
  const routes = JSON.stringify(config).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

  /** Sends the response without keys. An upstream may echo a key in a header or body, of an error or of a stream that begins well. */
  function sendResponse(answer, response) {
    const failed = answer.statusCode >= 400;
    const headers = endToEndHeaders(answer.headers)
      .filter(
        ([name, value]) =>
          ALLOWED_RESPONSE_HEADERS.test(name) &&
          !redact.containsKey(name) &&
          !redact.containsKey(String(value)),
      )
      // An error's text is replaced by one of another length, so it is sent chunked.
      .filter(([name]) => !(failed && /^content-/.test(name)))
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(redact.mask) : redact.mask(value)]);
    if (failed) headers.push(['content-type', 'application/json']);
    response.writeHead(answer.statusCode, Object.fromEntries(headers));
    // If the response is cut off, the client's connection is closed too, so that the client does not take a part for the whole.
    pipeline(
      answer,
      failed ? redact.error((said) => upstreamError(response, said)) : redact.stream(),
      response,
      () => undefined,
    );
  }

  return (request, response, path) => {
    const frame = framing(request.headers);
    if (frame === undefined) return sendError(response, 400, 'bad_request', EXPECTED_FRAMING);
    if (announcesTooMuch(request, maxBytes)) return rejectTooLarge(request, response, { maxBytes, lingerMs });
    const { 'content-length': _, ...headers } = Object.fromEntries(endToEndHeaders(request.headers));
    // A compressed response could not be searched for keys.
    const own = { ...frame, 'accept-encoding': 'identity', 'x-portkey-config': routes };
    const inner = sendRequest({
      ...{ host: '127.0.0.1', port, path, method: 'POST', agent: false },
      headers: { ...headers, ...own },
    });
    let [received, rejected] = [0, false];
    inner.on('response', (answer) => {
      try {
        sendResponse(answer, response);
      } catch (error) {
        logError('a response failed', error, response);
        answer.destroy();
        sendError(response, 502, 'no_answer', "Portkey's response could not be read.");
      }
    });
    inner.on('error', (error) => {
      if (rejected) return;
      if (!response.destroyed) logError('Portkey did not respond', error, response);
      sendError(response, 502, 'no_answer', 'Portkey does not respond.');
    });
    const stalled = setTimeout(() => {
      // The second header tells the edge to close the client's connection too.
      const headers = { connection: 'close', 'x-switchyard-stalled': '1' };
      sendError(response, 408, 'request_timeout', 'The request did not arrive in time.', headers);
      inner.destroy();
    }, stallMs);
    const count = (piece) => {
      stalled.refresh();
      received += piece.length;
      if (received <= maxBytes) return;
      rejected = true;
      clearTimeout(stalled);
      request.off('data', count).unpipe(inner);
      inner.destroy();
      rejectTooLarge(request, response, { maxBytes, received, lingerMs });
    };
    request.on('data', count).on('end', () => clearTimeout(stalled));
    response.on('close', () => {
      clearTimeout(stalled);
      inner.destroy();
    });
    request.pipe(inner);
  };
}
