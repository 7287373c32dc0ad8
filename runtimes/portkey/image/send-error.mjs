/** Sends an error in the format of OpenAI's API. If the response has already begun, it can only be cut off. */
export function sendError(response, status, message, headers = {}) {
  if (response.writableEnded) return;
  if (response.headersSent || response.destroyed) return void response.destroy();
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    .end(body);
}
