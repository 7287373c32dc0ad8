// Bounds a request's body, whether it announces its length or not.
import { beginError } from './send-error.mjs';

/** How long the rest of a body that is too long is read, in milliseconds. */
const DISCARD_MS = 5000;
const LINGER_MS = 2000;

/** Whether a request announces more than `maxBytes`. */
export function announcesTooMuch(request, maxBytes) {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

/**
 * Answers with 413. Before that it reads and discards the rest of the body, for a bounded time and size, because most clients read no
 * response while they are sending. After that it goes on for a moment: a connection that is closed while the client sends is reset, and
 * the client may lose a response that it had already received.
 *
 * @param received how many bytes have arrived before.
 * @param lingerMs how long a client that goes on sending may take to read the error, in milliseconds; the default is 2 s.
 */
export function rejectTooLarge(request, response, { maxBytes, received = 0, lingerMs = LINGER_MS }) {
  let [discarded, answered] = [received, false];
  let timer = setTimeout(answer, DISCARD_MS);
  function answer() {
    if (answered) return;
    answered = true;
    clearTimeout(timer);
    const limit = `${Math.floor(maxBytes / 1024 / 1024)} MiB`;
    const message = `The request is larger than ${limit}, the limit of this gateway.`;
    beginError(response, 413, 'request_too_large', message, { connection: 'close' });
    timer = setTimeout(() => response.end(), lingerMs);
  }
  request
    .on('data', (piece) => {
      discarded += piece.length;
      if (discarded > 2 * maxBytes) answer();
    })
    .on('end', () => {
      answer();
      response.end();
    })
    .on('close', () => clearTimeout(timer))
    .resume();
}
