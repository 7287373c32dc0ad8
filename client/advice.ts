/** What a failed request means, and what to do about it. */
import { setKeyCommand } from '../domain/plan/unavailable.ts';

/** A failure in words. */
export interface Advice {
  reason: string;
  command?: string;
}

/** Where a request failed. */
export interface FailedRequest {
  layer: 1 | 2 | 3;
  /** The client's name of the provider. */
  provider: string;
  /** The model that was asked for. */
  model: string;
  /** The name of the secret that holds the key of whoever answers. */
  key?: string;
  /** The answer's status; 0 where there was none. */
  status: number;
  /** The answer's body, or why there was none. */
  error: string;
  stack: string;
}

/**
 * The words by which the stack itself refuses a client's key: its gateway, its own Portkey, and a Portkey that an older release deployed.
 * All other refusals are a provider's.
 */
export const OWN_REFUSALS = [
  'Missing or wrong API key',
  'Expected a valid key',
  'A valid key is wanted',
] as const;

/** The sentence for a failed request. Holds nothing of the body but its message. */
export function advise({ layer, provider, model, key, status, error, stack }: FailedRequest): Advice {
  const said = messageOf(error);
  const add = said === '' ? '' : `: ${said}`;
  if (status === 0) {
    return layer === 2
      ? { reason: `the gateway does not answer${add}`, command: `./switchyard status ${stack}` }
      : { reason: `${provider} cannot be reached${add}` };
  }
  if (status === 401 || status === 403) {
    if (OWN_REFUSALS.some((words) => error.includes(words)))
      return { reason: `the gateway refuses the key${add}`, command: `./switchyard connect ${stack}` };
    const who = layer === 2 ? `the provider of ${model}` : provider;
    return {
      reason: `${who} refuses the key (${status})${add}`,
      command: key ? setKeyCommand(key, stack) : `./switchyard keys ages ${stack}`,
    };
  }
  if (status === 404)
    return {
      reason: `the model is not there any more${add}`,
      command: `./switchyard models ${stack} --check`,
    };
  if (status === 402) return { reason: `the account has no credit left${add}` };
  if (status === 429) {
    // The gateway alone knows what to do with a second key.
    const hint = layer === 2 ? `; a second key (${key ?? '…_API_KEY'}_2) would be asked next` : '';
    return { reason: `rate limited${add}${hint}` };
  }
  if (layer === 2 && status >= 500)
    return {
      reason: `no model of the chain answered (${status})${add}`,
      command: `./switchyard status ${stack}`,
    };
  return { reason: `${provider} answered ${status}${add}` };
}

function messageOf(body: string): string {
  let text = body;
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown };
    const found = typeof parsed.error === 'object' ? parsed.error.message : (parsed.error ?? parsed.message);
    if (typeof found === 'string') text = found;
  } catch {
    // Not JSON, or cut off: as it is.
  }
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

/** An advice in one sentence. */
export function sentence({ reason, command }: Advice): string {
  return command ? `${reason}; ${command}` : reason;
}
