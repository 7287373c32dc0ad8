/** One request of `smoke`: with the real opencode, or with plain HTTP if opencode is not installed. */
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { explainFailure, describeExplanation } from './explain-failure.ts';
import { askOnce } from './ask-gateway.ts';
import type { StackClient } from '../domain/read/outputs-reader.ts';
import { makeHome } from './client-home.ts';
import { redactor } from '../console/redactor.ts';
import { runOpencode } from './run-opencode.ts';
import { fallbackOf, type RecordingProxy } from './recording-proxy.ts';

const PROMPT = 'Answer with the one word: pong';
const TIMEOUT_MS = 120_000;

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

/** Arguments of {@link askWithOpencode} besides the target. */
export interface ClientRequest {
  stack: string;
  client: StackClient;
  proxy: RecordingProxy;
  bin: string;
  signal: AbortSignal | undefined;
}

/** Sends one request with the real opencode through the recording proxy. Its home folder has only this provider and its key. */
export async function askWithOpencode(
  target: SmokeTarget,
  { stack, client, proxy, bin, signal }: ClientRequest,
): Promise<SmokeRow> {
  const { layer, provider, model } = target;
  const entry = client.config.provider[provider];
  const key = client.auth[provider];
  if (entry === undefined || key === undefined) return skipped(target, 'the client files do not contain it');
  const id = `${provider}-${client.clientMetadata.smokeTargets.indexOf(target)}`;
  const proxied = {
    ...entry,
    options: { ...entry.options, baseURL: proxy.urlFor(id, entry.options.baseURL) },
  };
  const home = await makeHome({
    config: {
      ...client.config,
      enabled_providers: [provider],
      disabled_providers: [],
      provider: { [provider]: proxied },
      agent: {},
      model: `${provider}/${model}`,
      small_model: `${provider}/${model}`,
    },
    auth: { [provider]: key },
  });
  try {
    const run = await runOpencode({
      bin,
      env: { ...home.env, OPENCODE_DISABLE_PROJECT_CONFIG: '1' },
      model: `${provider}/${model}`,
      prompt: PROMPT,
      title: 'smoke',
      cwd: home.dir,
      timeoutMs: TIMEOUT_MS,
      maxFailures: 1,
      signal,
    });
    const clean = redactor(home.secrets);
    const responses = proxy.responses(id);
    const failed = responses.findLast(({ error }) => error !== undefined);
    if (run.ok) {
      const answer = responses.findLast(({ status }) => status < 400);
      return {
        layer,
        provider,
        model: answer?.model ?? model,
        ok: true,
        reason: answer?.fallback ?? '',
        ms: run.ms,
      };
    }
    const explanation = failed
      ? explainFailure({ ...target, stack, status: failed.status, error: failed.error ?? '' })
      : { reason: run.reason ?? 'no answer' };
    return { layer, provider, model, ok: false, reason: clean(describeExplanation(explanation)), ms: run.ms };
  } finally {
    await home.remove();
  }
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
