/** Explains a failed request: the reason, and the command that helps. */
import { setKeyCommand } from '../domain/plan/unavailable.ts';

/** Why a request failed, and what to do about it. */
export interface FailureExplanation {
  reason: string;
  command?: string;
}

/** A request that failed, and where. */
export interface FailedRequest {
  layer: 1 | 2 | 3;
  /** The provider's name in the client's config. */
  provider: string;
  /** The requested model. */
  model: string;
  /** The name of the secret that holds the key of the provider that answers. */
  key?: string;
  /** The HTTP status; 0 if there was no response. */
  status: number;
  /** The response body; if there was no response, the error message. */
  error: string;
  stack: string;
}

/**
 * The messages with which the stack itself rejects a client's key: its gateway's, its own Portkey's, and those of a Portkey that an older
 * release deployed. All other rejections are a provider's.
 */
export const OWN_REFUSALS = [
  'Missing or wrong API key',
  'Expected a valid key',
  'A valid key is wanted',
] as const;

/** The gateway's message if it called no provider, since all of them are in cooldown. */
const SKIPPED = 'failed a moment ago';

/** Explains a failed request. Of the response body it contains only the message. */
export function explainFailure(failed: FailedRequest): FailureExplanation {
  const { layer, provider, model, key, status, error, stack } = failed;
  const message = messageOf(error);
  const detail = message === '' ? '' : `: ${message}`;
  if (status === 0) {
    return layer === 2
      ? { reason: `the gateway does not answer${detail}`, command: `./switchyard status ${stack}` }
      : { reason: `cannot reach ${provider}${detail}` };
  }
  if (status === 401 || status === 403) {
    if (OWN_REFUSALS.some((refusal) => error.includes(refusal)))
      return { reason: `the gateway rejected the key${detail}`, command: `./switchyard connect ${stack}` };
    const who = layer === 2 ? `the provider of ${model}` : provider;
    return {
      reason: `${who} rejected the key (${status})${detail}`,
      command: key ? setKeyCommand(key, stack) : `./switchyard keys ages ${stack}`,
    };
  }
  if (status === 404)
    return {
      reason: `the provider no longer has this model${detail}`,
      command: `./switchyard models ${stack} --check`,
    };
  if (status === 402) return { reason: `the account has no credit left${detail}` };
  if (status === 429) {
    // The gateway did not ask: a moment ago they failed, for whatever reason.
    if (error.includes(SKIPPED))
      return {
        reason: `all providers of ${model} failed a moment ago and are skipped for some seconds; ask again for the cause`,
      };
    // Only the gateway can use a second key.
    const hint = layer === 2 ? `; with a second key (${key ?? '…_API_KEY'}_2) the gateway would retry` : '';
    return { reason: `rate limited${detail}${hint}` };
  }
  if (layer === 2 && (status === 502 || status === 504))
    return {
      reason: `the gateway cannot reach the provider of ${model}, or gets no response (${status})${detail}`,
    };
  if (layer === 2 && status >= 500)
    return {
      reason: `no model of the fallback chain answered (${status})${detail}`,
      command: `./switchyard status ${stack}`,
    };
  return { reason: `${provider} answered ${status}${detail}` };
}

function messageOf(body: string): string {
  let text = body;
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown };
    const found = typeof parsed.error === 'object' ? parsed.error.message : (parsed.error ?? parsed.message);
    if (typeof found === 'string') text = found;
  } catch {
    // Not JSON, or truncated: use the text as it is.
  }
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 159).replace(/\s+\S*$/, '')} …` : line;
}

/** An explanation as one sentence. */
export function describeExplanation({ reason, command }: FailureExplanation): string {
  return command ? `${reason}; ${command}` : reason;
}
