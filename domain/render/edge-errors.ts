/** The edge's own errors, as HAProxy's configuration creates them: in the format of the client's API, with the request's id. */

/** One error of the edge. */
interface EdgeError {
  status: 400 | 401 | 408 | 413 | 500 | 502 | 503 | 504;
  /** The `code` of OpenAI's format. */
  code: string;
  /** Without an apostrophe: HAProxy cannot parse one inside a quoted word. */
  message: string;
}

/** Anthropic's error types. A status that is not listed is an `invalid_request_error`. */
const ANTHROPIC_TYPES: Partial<Record<EdgeError['status'], string>> = {
  401: 'authentication_error',
  408: 'timeout_error',
  413: 'request_too_large',
  500: 'api_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** The error message for a request without a valid key; `request_filter.py` has the same. */
export const INVALID_KEY_MESSAGE =
  'Missing or wrong API key. Send the key of this gateway as "Authorization: Bearer …" or "x-api-key: …".';

/**
 * The edge's errors as arguments of HAProxy's `http-error` and `http-request return`, by their names in the templates.
 *
 * The format depends on the variable `txn.anthropic`, which is set only for clients of Anthropic's API; the id is in `txn.id`.
 *
 * @param settings `queueTimeoutSeconds` is in seconds, `maxBodyMb` in MiB.
 */
export function edgeErrors(settings: {
  queueTimeoutSeconds: number;
  maxBodyMb: number;
}): Record<string, string> {
  const { queueTimeoutSeconds, maxBodyMb } = settings;
  const errors: Record<string, EdgeError> = {
    badRequest: {
      status: 400,
      code: 'bad_request',
      message: 'The edge cannot read this as an HTTP request.',
    },
    bodyNotAllowed: {
      status: 400,
      code: 'body_not_allowed',
      message: 'A GET or HEAD request must have no body.',
    },
    invalidKey: { status: 401, code: 'invalid_api_key', message: INVALID_KEY_MESSAGE },
    stalled: { status: 408, code: 'request_timeout', message: 'The request did not arrive in time.' },
    tooLarge: {
      status: 413,
      code: 'request_too_large',
      message: `The request is larger than ${maxBodyMb} MiB.`,
    },
    lengthNeeded: {
      status: 413,
      code: 'request_too_large',
      message: 'A request of more than 1 MB to Portkey must announce its length (Content-Length).',
    },
    internal: { status: 500, code: 'edge_failed', message: 'The edge had an internal error.' },
    edgeClosed: {
      status: 502,
      code: 'no_answer',
      message: 'The edge closed the connection without a response.',
    },
    gatewaysClosed: {
      status: 502,
      code: 'no_answer',
      message: 'The gateways closed the connection without a response.',
    },
    edgeFull: {
      status: 503,
      code: 'edge_full',
      message: 'The edge is at its limit of concurrent requests.',
    },
    noGateway: { status: 503, code: 'no_gateway', message: 'No gateway is ready.' },
    queueTimeout: {
      status: 503,
      code: 'no_gateway',
      message: `The request was queued for ${queueTimeoutSeconds} s and no gateway became ready.`,
    },
    noPortkey: {
      status: 503,
      code: 'no_portkey',
      message: 'No Portkey gateway is ready: portkey.mode is not local, or Portkey is still starting.',
    },
    timedOut: { status: 504, code: 'no_answer_in_time', message: 'The gateway did not answer in time.' },
  };
  return Object.fromEntries(Object.entries(errors).map(([name, error]) => [name, haproxyArguments(error)]));
}

function haproxyArguments({ status, code, message }: EdgeError): string {
  const retryAfter = status === 502 || status === 503 || status === 504 ? ' hdr retry-after 5' : '';
  const kind = status < 500 ? 'invalid_request_error' : 'server_error';
  const openai = JSON.stringify({ error: { message, type: kind, param: null, code, request_id: ID } });
  const anthropic = JSON.stringify({
    type: 'error',
    error: { type: ANTHROPIC_TYPES[status] ?? 'invalid_request_error', message },
    request_id: ID,
  });
  const [openaiStart, openaiEnd] = openai.split(ID);
  const [anthropicStart, anthropicEnd] = anthropic.split(ID);
  const body = `${choice(anthropicStart, openaiStart)}%[var(txn.id)]${choice(anthropicEnd, openaiEnd)}`;
  return `status ${status} content-type application/json${retryAfter} lf-string '${body}'`;
}

/** Stands for the request's id: a text that JSON does not escape. */
const ID = '<id>';

/** An expression of HAProxy's log format: the first text for clients of Anthropic's API, otherwise the second one. */
function choice(anthropic = '', openai = ''): string {
  const quoted = [anthropic, openai].map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
  return `%[var(txn.anthropic,0),bool,iif(${quoted.join(',')})]`;
}
