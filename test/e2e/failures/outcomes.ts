/** What a provider can do with a request: the rows of docs/failures.md. Where an error's text matters, it is the text of the provider's API. */

/** What the fake provider does. */
export interface Outcome {
  /** Short and unique: part of the case's id. */
  id: string;
  /** Its name in the table. */
  title: string;
  /** The response. `openai` and `anthropic` are its body in each API; a text is sent unchanged. */
  answer?: {
    status: number;
    headers?: Record<string, string>;
    openai: object | string;
    anthropic: object | string;
  };
  /** What it does instead of responding. */
  effect?:
    'refuse' | 'reset' | 'hang' | 'garbage' | 'cut-before' | 'cut-after' | 'error-before' | 'error-after';
  /** Only possible for a stream. */
  streamOnly?: true;
  /** LiteLLM's prefix of the only provider that sends this error. Absent: every provider. */
  only?: string;
}

/** An error with the same message in both APIs. */
function errorOutcome(
  id: string,
  title: string,
  status: number,
  [openaiType, code, anthropicType]: [string, string | null, string],
  {
    message = `The provider's message: ${title}.`,
    headers,
  }: { message?: string; headers?: Record<string, string> } = {},
): Outcome {
  const openai = { error: { message, type: openaiType, param: null, code } };
  const anthropic = { type: 'error', error: { type: anthropicType, message } };
  return { id, title, answer: { status, openai, anthropic, ...(headers ? { headers } : {}) } };
}

/** What every provider can do. */
export const OUTCOMES: readonly Outcome[] = [
  errorOutcome('400', '400', 400, ['invalid_request_error', null, 'invalid_request_error']),
  {
    ...errorOutcome('400-long', '400 prompt too long', 400, [
      'invalid_request_error',
      'context_length_exceeded',
      '',
    ]),
    answer: {
      status: 400,
      openai: {
        error: {
          message:
            "This model's maximum context length is 8 tokens. However, your messages resulted in 9 tokens. Please reduce the length of the messages.",
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
      anthropic: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 9 tokens > 8 maximum' },
      },
    },
  },
  errorOutcome('401', '401', 401, ['invalid_request_error', 'invalid_api_key', 'authentication_error']),
  errorOutcome('402', '402', 402, ['insufficient_funds', null, 'billing_error']),
  errorOutcome('403', '403', 403, ['permission_error', null, 'permission_error']),
  errorOutcome('404', '404', 404, ['invalid_request_error', 'model_not_found', 'not_found_error']),
  errorOutcome('408', '408', 408, ['timeout', null, 'timeout_error']),
  errorOutcome('413', '413', 413, ['invalid_request_error', null, 'request_too_large']),
  errorOutcome('422', '422', 422, ['invalid_request_error', null, 'invalid_request_error']),
  errorOutcome('429', '429', 429, ['rate_limit_exceeded', 'rate_limit_exceeded', 'rate_limit_error']),
  errorOutcome(
    '429-after',
    '429, retry-after 2 s',
    429,
    ['rate_limit_exceeded', 'rate_limit_exceeded', 'rate_limit_error'],
    {
      headers: { 'retry-after': '2' },
    },
  ),
  errorOutcome(
    '429-quota',
    '429 out of quota',
    429,
    ['insufficient_quota', 'insufficient_quota', 'billing_error'],
    {
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
  ),
  errorOutcome('500', '500', 500, ['server_error', null, 'api_error']),
  errorOutcome('502', '502', 502, ['server_error', null, 'api_error']),
  errorOutcome('503', '503', 503, ['server_error', null, 'api_error']),
  errorOutcome('503-after', '503, retry-after 2 s', 503, ['server_error', null, 'api_error'], {
    headers: { 'retry-after': '2' },
  }),
  errorOutcome('529', '529', 529, ['overloaded', null, 'overloaded_error']),
  { id: 'refused', title: 'connection refused', effect: 'refuse' },
  { id: 'reset', title: 'connection reset', effect: 'reset' },
  { id: 'silent', title: 'no response', effect: 'hang' },
  { id: 'garbage', title: 'response that is not JSON', effect: 'garbage' },
  { id: 'cut-before', title: 'stream cut before its first token', effect: 'cut-before', streamOnly: true },
  { id: 'cut-after', title: 'stream cut after its first token', effect: 'cut-after', streamOnly: true },
  {
    id: 'event-before',
    title: 'error event before the first token',
    effect: 'error-before',
    streamOnly: true,
  },
  { id: 'event-after', title: 'error event after the first token', effect: 'error-after', streamOnly: true },
];

/** Errors whose status means something else for other providers. The sources are in failure_kinds.py. */
export const PROVIDER_SPECIFIC: readonly Outcome[] = [
  of('openai', 'openai-region', 403, {
    error: {
      code: 'unsupported_country_region_territory',
      message: 'Country, region, or territory not supported',
      type: 'request_forbidden',
      param: null,
    },
  }),
  of('anthropic', 'anthropic-credit', 400, {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message:
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    },
  }),
  of('deepseek', 'deepseek-balance', 402, {
    error: {
      message: 'Insufficient Balance',
      type: 'unknown_error',
      param: null,
      code: 'invalid_request_error',
    },
  }),
  of('gemini', 'gemini-key', 400, {
    error: {
      code: 400,
      message: 'API key not valid. Please pass a valid API key.',
      status: 'INVALID_ARGUMENT',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'API_KEY_INVALID',
          domain: 'googleapis.com',
        },
      ],
    },
  }),
  of('groq', 'groq-tokens', 413, {
    error: {
      message:
        'Request too large for model `x` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size and try again.',
      type: 'tokens',
      code: 'rate_limit_exceeded',
    },
  }),
  of('mistral', 'mistral-capacity', 429, {
    object: 'error',
    message: 'Service tier capacity exceeded for this model.',
    type: 'service_tier_capacity_exceeded',
    param: null,
    code: '3505',
  }),
  of('together_ai', 'together-limit', 403, {
    error: {
      message: 'input token count + `max_tokens` parameter must be less than the model context length',
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  }),
  of('openrouter', 'openrouter-credit', 402, {
    error: {
      code: 402,
      message:
        'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 12.',
    },
  }),
  of('openrouter', 'openrouter-moderation', 403, {
    error: {
      code: 403,
      message: 'Your input was flagged',
      metadata: { reasons: ['violence'], flagged_input: '…', provider_name: 'X', model_slug: 'y' },
    },
  }),
];

function of(only: string, id: string, status: number, body: object): Outcome {
  return { id, title: id.replace('-', ': '), only, answer: { status, openai: body, anthropic: body } };
}
