/** Questions to a server of the real opencode, and what its answers say. Pure. */

/** A question to a server. */
export interface Question {
  /** `provider/model`. */
  model: string;
  prompt: string;
  /** The session's title. Without one, opencode would send a request to generate it. */
  title: string;
  /** From the question on; the server's start does not count. */
  timeoutMs: number;
  /** Consecutive failed requests after which the question is given up: opencode itself retries for ever. */
  maxFailures: number;
}

/** The answer to a question. */
export interface Answer {
  ok: boolean;
  /** Why it failed. */
  reason?: string;
  /** What the model wrote. */
  text: string;
  /** From the question to the answer, without the server's start. */
  ms: number;
}

/** A message of opencode's API; only the fields that are used. */
export interface Message {
  info?: { error?: { name?: string; data?: { message?: string } }; tokens?: { output?: number } };
  parts?: { type?: string; text?: string }[];
}

/** A message without an error is a success only if there is an answer, or at least tokens were spent on tools. */
export function answerOf({ info, parts = [] }: Message): Omit<Answer, 'ms'> {
  const text = parts.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('');
  const { error, tokens } = info ?? {};
  if (error !== undefined) {
    const reason = error.data?.message ?? error.name ?? 'an error without a message';
    return { ok: false, reason, text };
  }
  if (text === '' && !tokens?.output)
    return { ok: false, reason: 'opencode finished without an answer', text };
  return { ok: true, text };
}
