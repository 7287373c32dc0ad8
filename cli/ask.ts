/** One request to the gateway, the way an OpenAI client sends it. */

/** What came of it. */
export type Answer =
  | {
      ok: true;
      text: string;
      ms: number;
      /** What the gateway said of it: model, fallbacks. */ headers: Headers;
    }
  | { ok: false; reason: string; ms: number };

/**
 * Asks a model for a word.
 *
 * @param endpoint the gateway, e.g. `http://127.0.0.1:4000`.
 * @param key the master key; it goes into the request's header and nowhere else.
 * @param model an alias.
 */
export async function askOnce(endpoint: string, key: string, model: string): Promise<Answer> {
  const begun = performance.now();
  const ms = (): number => Math.round(performance.now() - begun);
  try {
    const response = await fetch(`${endpoint}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 64, messages: [{ role: 'user', content: 'Say hello.' }] }),
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
    return {
      ok: false,
      reason: `${response.status}: ${body.error?.message ?? response.statusText}`,
      ms: ms(),
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error), ms: ms() };
  }
}
