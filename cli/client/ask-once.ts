/** One request to a gateway, without any client. */
import { advise, sentence } from './advice.ts';
import { redactor } from './redact.ts';

/** What is asked where the answer does not matter. */
export const PROMPT = 'Answer with the one word: pong';
/** How long an answer may take. */
export const TIMEOUT_MS = 120_000;

/** What {@link askOnce} found. */
export interface OneAnswer {
  ok: boolean;
  /** The model that answered. */
  model: string;
  text: string;
  /** '' where it answered. */
  reason: string;
  ms: number;
}

/** One chat request to a gateway, without any client. Never throws. */
export async function askOnce(endpoint: string, key: string, model: string, stack = ''): Promise<OneAnswer> {
  const begun = Date.now();
  const failed = (status: number, error: string): OneAnswer => ({
    ok: false,
    model,
    text: '',
    reason: redactor([key])(sentence(advise({ layer: 2, provider: 'litellm', status, error, stack }))),
    ms: Date.now() - begun,
  });
  try {
    const response = await fetch(`${endpoint}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: PROMPT }], max_tokens: 64 }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await response.text();
    if (!response.ok) return failed(response.status, body);
    const answer = JSON.parse(body) as {
      model?: string;
      choices?: { message?: { content?: string | null } }[];
    };
    const answered = response.headers.get('x-litellm-model-group') ?? answer.model ?? model;
    const text = answer.choices?.[0]?.message?.content ?? '';
    return { ok: true, model: answered, text, reason: '', ms: Date.now() - begun };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return failed(0, cause instanceof Error ? cause.message : String(cause));
  }
}
