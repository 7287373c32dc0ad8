/** One request of `smoke`: by the real client, or where that is missing by plain HTTP. */
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { advise, sentence } from './advice.ts';
import { askOnce } from './ask-gateway.ts';
import type { StackClient } from '../domain/read/outputs-reader.ts';
import { makeHome } from './client-home.ts';
import { redactor } from '../console/redactor.ts';
import { runOpencode } from './run-opencode.ts';
import { fallbackOf, type Tap } from './tap.ts';

const PROMPT = 'Answer with the one word: pong';
const TIMEOUT_MS = 120_000;

/** The outcome for one layer and provider. */
export interface SmokeRow {
  layer: 1 | 2 | 3;
  /** The client's name of the provider. */
  provider: string;
  /** The model that answered; where none did, the one that was asked. */
  model: string;
  /** null where nothing was asked. */
  ok: boolean | null;
  /** Why it was skipped or failed, and the command that mends it; for an answer, whether a fallback gave it. */
  reason: string;
  ms: number;
}

/** A row for what is not asked. */
export function skipped({ layer, provider, model }: SmokeTarget, reason: string): SmokeRow {
  return { layer, provider, model, ok: null, reason: `skipped: ${reason}`, ms: 0 };
}

/** What a request by the real client goes through. */
export interface Ways {
  stack: string;
  client: StackClient;
  tap: Tap;
  bin: string;
  signal: AbortSignal | undefined;
}

/** One request by the real client, over the tap, in a home that knows this one provider and no other key. */
export async function askByClient(
  probe: SmokeTarget,
  { stack, client, tap, bin, signal }: Ways,
): Promise<SmokeRow> {
  const { layer, provider, model } = probe;
  const entry = client.config.provider[provider];
  const key = client.auth[provider];
  if (entry === undefined || key === undefined) return skipped(probe, 'it is not in the client files');
  const id = `${provider}-${client.guide.probes.indexOf(probe)}`;
  const tapped = { ...entry, options: { ...entry.options, baseURL: tap.through(id, entry.options.baseURL) } };
  const home = await makeHome({
    config: {
      ...client.config,
      enabled_providers: [provider],
      disabled_providers: [],
      provider: { [provider]: tapped },
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
    const answers = tap.answers(id);
    const failed = answers.findLast(({ error }) => error !== undefined);
    if (run.ok) {
      const answer = answers.findLast(({ status }) => status < 400);
      return {
        layer,
        provider,
        model: answer?.model ?? model,
        ok: true,
        reason: answer?.fallback ?? '',
        ms: run.ms,
      };
    }
    const advice = failed
      ? advise({ ...probe, stack, status: failed.status, error: failed.error ?? '' })
      : { reason: run.reason ?? 'no answer' };
    return { layer, provider, model, ok: false, reason: clean(sentence(advice)), ms: run.ms };
  } finally {
    await home.remove();
  }
}

/** One request to the gateway, without the client. */
export async function askByHttp(
  probe: SmokeTarget,
  { stack, client, endpoint }: { stack: string; client: StackClient; endpoint: string },
): Promise<SmokeRow> {
  const { layer, provider, model } = probe;
  const key = client.auth[provider]?.key ?? '';
  const answer = await askOnce(endpoint, key, model);
  const row = { layer, provider, ok: answer.ok, ms: answer.ms };
  if (!answer.ok) {
    const advice = advise({ ...probe, stack, status: answer.status, error: answer.message });
    return { ...row, model, reason: redactor([key])(sentence(advice)) };
  }
  const answered = answer.headers.get('x-litellm-model-group') ?? model;
  return { ...row, model: answered, reason: fallbackOf(answer.headers) ?? '' };
}
