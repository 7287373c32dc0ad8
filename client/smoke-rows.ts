/** The results of `smoke`, and its request by plain HTTP if opencode is not installed. */
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { explainFailure, describeExplanation } from './explain-failure.ts';
import { askOnce } from './ask-gateway.ts';
import type { StackClient } from '../domain/read/outputs-reader.ts';
import { redactor } from '../console/redactor.ts';
import { fallbackOf } from './recording-proxy.ts';

/** The result for one layer and provider. */
export interface SmokeRow {
  layer: 1 | 2 | 3;
  /** The provider's name in the client's config. */
  provider: string;
  /** The model that answered; if none did, the requested one. */
  model: string;
  /** null if no request was sent. */
  ok: boolean | null;
  /** Why it was skipped or failed, and the command that helps; for a success, whether a fallback answered. */
  reason: string;
  ms: number;
}

/** The row of a request that was not sent. */
export function skipped({ layer, provider, model }: SmokeTarget, reason: string): SmokeRow {
  return { layer, provider, model, ok: null, reason: `skipped: ${reason}`, ms: 0 };
}

/** Sends one request to the gateway without opencode. */
export async function askOverHttp(
  target: SmokeTarget,
  { stack, client, endpoint }: { stack: string; client: StackClient; endpoint: string },
): Promise<SmokeRow> {
  const { layer, provider, model } = target;
  const key = client.auth[provider]?.key ?? '';
  const answer = await askOnce(endpoint, key, model);
  const row = { layer, provider, ok: answer.ok, ms: answer.ms };
  if (!answer.ok) {
    const explanation = explainFailure({ ...target, stack, status: answer.status, error: answer.message });
    return { ...row, model, reason: redactor([key])(describeExplanation(explanation)) };
  }
  const answered = answer.headers.get('x-litellm-model-group') ?? model;
  return { ...row, model: answered, reason: fallbackOf(answer.headers) ?? '' };
}
