// Bounds a request's body, whether it announces its length or not.
import { sendError } from './send-error.mjs';

/** How long the rest of a body that is too long is read, in milliseconds. */
const DISCARD_MS = 5000;

/** Whether a request announces more than `maxBytes`. */
export function announcesTooMuch(request, maxBytes) {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

/**
 * Answers with 413. Before that it reads and discards the rest of the body, for a bounded time and size, because most clients read no
 * response while they are sending: they would only see a closed connection.
 *
 * @param received how many bytes have arrived before.
 */
export function rejectTooLarge(request, response, maxBytes, received = 0) {
  let discarded = received;
  const answer = () => {
    clearTimeout(timer);
    const limit = `${Math.floor(maxBytes / 1024 / 1024)} MiB`;
    const headers = { connection: 'close' };
    sendError(
      response,
      413,
      'request_too_large',
      `The request is larger than ${limit}, the limit of this gateway.`,
      headers,
    );
  };
  const timer = setTimeout(answer, DISCARD_MS);
  request
    .on('data', (piece) => {
      discarded += piece.length;
      if (discarded > 2 * maxBytes) answer();
    })
    .on('end', answer)
    .on('close', () => clearTimeout(timer))
    .resume();
}
