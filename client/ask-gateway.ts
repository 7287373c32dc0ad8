/** Sends one request to the gateway, as an OpenAI client does. */

/** The outcome of a request. */
export type Answer =
  | {
      ok: true;
      text: string;
      ms: number;
      /** The gateway's response headers: model, fallbacks. */
      headers: Headers;
    }
  | {
      ok: false;
      /** Status and message in one text. */
      reason: string;
      /** 0 if there was no response. */
      status: number;
      message: string;
      ms: number;
    };

/**
 * Sends one short chat request. It bypasses the gateway's cache in both directions: it must show that the provider answers now.
 *
 * @param endpoint the gateway, e.g. `http://127.0.0.1:4000`.
 * @param key the master key; it is only used in the request's header.
 * @param model an alias.
 */
export async function askOnce(endpoint: string, key: string, model: string): Promise<Answer> {
  const begun = performance.now();
  const ms = (): number => Math.round(performance.now() - begun);
  try {
    const response = await fetch(`${endpoint}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        max_tokens: 64,
        messages: [{ role: 'user', content: 'Say hello.' }],
        cache: { 'no-cache': true, 'no-store': true },
      }),
      signal: AbortSignal.timeout(180_000),
    });
    const body = (await response.json()) as {
      choices?: { message?: { content?: string | null } }[];
      error?: { message?: string };
    };
    if (response.ok)
      return {
        ok: true,
        text: body.choices?.[0]?.message?.content ?? '',
        ms: ms(),
        headers: response.headers,
      };
    const { status } = response;
    const message = body.error?.message ?? response.statusText;
    return { ok: false, reason: `${status}: ${message}`, status, message, ms: ms() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: message, status: 0, message, ms: ms() };
  }
}
