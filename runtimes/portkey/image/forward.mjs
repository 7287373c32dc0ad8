// Hands a request on to Portkey with the routes and keys in a header, and its answer back without the keys.
//
// The two connections must agree where each request ends. Otherwise the rest of a client's body is a request of its own to Portkey, with
// x-portkey headers that nobody has checked, or swallows the head of the next one, keys and all. Hence each request has its own
// connection, and its framing is written here, not copied.
import { request as ask } from 'node:http';
import { pipeline } from 'node:stream';
import { refuse } from './refuse.mjs';
import { report } from './report.mjs';

/** What belongs to one connection (RFC 9110, 7.6.1), and what only this process may say. */
const DROPPED =
  /^(host|connection|keep-alive|transfer-encoding|upgrade|te|trailer|expect|proxy-.*|authorization|x-api-key)$/;

/** What of an answer's headers leaves: what clients have a use for. An upstream can put a key into a name as well as into a value. */
const LEAVING =
  /^(content-(type|length|encoding)|date|vary|allow|cache-control|retry-after(-ms)?|x-should-retry|(x-)?request-id|openai-(processing-ms|version)|((x|anthropic)-)?ratelimit-[a-z0-9-]{1,40}|x-portkey-(last-used-option-index|provider|retry-attempt-count|trace-id|cache-status))$/;

/** How long a client may send nothing of a body that it announced, in milliseconds. */
const STALL_MS = 25_000;

/** A message's headers but for those, and those that it names as its connection's own. */
function passing(headers) {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.entries(headers).filter(([name]) => !DROPPED.test(name) && !named.has(name));
}

/** The header that says where the body ends; undefined where that is not certain. */
function framing(headers) {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = headers;
  if (coding !== undefined)
    return coding.toLowerCase() === 'chunked' ? { 'transfer-encoding': 'chunked' } : undefined;
  return /^\d+$/.test(length) ? { 'content-length': length } : undefined;
}

/** `(request, response, path)`: has Portkey answer a request by the routes of `config`. */
export function forwarder({ config, redact, inner: port, stallMs = STALL_MS }) {
  // A header holds no character beyond Latin-1.
  const routes = JSON.stringify(config).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

  /** An upstream may say a key back: in a header or a body, of an error or of a stream that begins well. */
  function giveBack(answer, response) {
    const failed = answer.statusCode >= 400;
    const headers = passing(answer.headers)
      .filter(([name, value]) => LEAVING.test(name) && !redact.holds(name) && !redact.holds(String(value)))
      // An error's text may become another one: its end is marked by chunks.
      .filter(([name]) => !(failed && name === 'content-length'))
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(redact.mask) : redact.mask(value)]);
    response.writeHead(answer.statusCode, Object.fromEntries(headers));
    // An answer that breaks off ends the client's connection too: nobody takes half of one for the whole.
    pipeline(answer, failed ? redact.error() : redact.stream(), response, () => undefined);
  }

  return (request, response, path) => {
    const frame = framing(request.headers);
    if (frame === undefined) return refuse(response, 400, 'Expected a plain or a chunked body.');
    const { 'content-length': _, ...headers } = Object.fromEntries(passing(request.headers));
    // A compressed body could not be searched for keys.
    const own = { ...frame, 'accept-encoding': 'identity', 'x-portkey-config': routes };
    const inner = ask({
      ...{ host: '127.0.0.1', port, path, method: 'POST', agent: false },
      headers: { ...headers, ...own },
    });
    inner.on('response', (answer) => {
      try {
        giveBack(answer, response);
      } catch (error) {
        report('an answer failed', error);
        answer.destroy();
        refuse(response, 502, "Portkey's answer could not be read.");
      }
    });
    inner.on('error', (error) => {
      if (!response.destroyed) report('Portkey did not answer', error);
      refuse(response, 502, 'Portkey does not answer.');
    });
    const stalled = setTimeout(() => {
      // By the second header the edge ends the client's connection too.
      const headers = { connection: 'close', 'x-switchyard-stalled': '1' };
      refuse(response, 408, 'The request did not arrive in time.', headers);
      inner.destroy();
    }, stallMs);
    request.on('data', () => stalled.refresh()).on('end', () => clearTimeout(stalled));
    response.on('close', () => {
      clearTimeout(stalled);
      inner.destroy();
    });
    request.pipe(inner);
  };
}
