/** Answers with an error as OpenAI's clients read it; where an answer has begun, all that is left is to break it off. */
export function refuse(response, status, message, headers = {}) {
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
