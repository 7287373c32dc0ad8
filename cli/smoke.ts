import type { Command } from 'commander';
import type { Probe } from '../catalog/probes.ts';
import { advise } from './client/advice.ts';
import { clientFiles, type StackClient } from './client/files.ts';
import { findOpencode, makeHome, OPENCODE_VERSION } from './client/home.ts';
import { inParallel } from './client/parallel.ts';
import { redactor } from './client/redact.ts';
import { runOpencode } from './client/run.ts';
import { openTap, type Tap } from './client/tap.ts';
import { type Output, withOutput } from './output.ts';
import { ROOT } from './pulumi.ts';
import { ensureReady } from './setup/ready.ts';
import { stackOutputs } from './stack.ts';
import { table } from './table.ts';

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

const PROMPT = 'Answer with the one word: pong';
const TIMEOUT_MS = 120_000;
/** As many as a small machine can start at once. */
const PARALLEL = 2;

/** Adds `smoke`. */
export function register(program: Command): void {
  program
    .command('smoke')
    .argument('[stack]', 'the stack', 'dev')
    .description(
      'one request through every layer and provider, by the real opencode: who answered, how fast, what failed',
    )
    .action(
      withOutput(async (out, stack: string) => {
        await ensureReady({ need: ['pulumi'], onProgress: out.progress });
        const outputs = await stackOutputs(stack);
        const rows = await smoke(out, stack, clientFiles(stack, outputs), String(outputs.endpoint));
        if (rows.some(({ ok }) => ok === false)) process.exitCode = 1;
        out.result(rows, tableOf(rows));
      }),
    );
}

async function smoke(out: Output, stack: string, client: StackClient, endpoint: string): Promise<SmokeRow[]> {
  const asked = client.guide.probes.filter(({ skip }) => skip === undefined);
  const opencode = asked.length > 0 ? await findOpencode(ROOT) : undefined;
  if (asked.length > 0 && opencode === undefined)
    out.warn('opencode is not installed: only the gateway is asked, without it');
  const tap = await openTap();
  try {
    const work = (probe: Probe): Promise<SmokeRow> => {
      if (probe.skip) return Promise.resolve(skipped(probe, `${probe.skip.reason}; ${probe.skip.command}`));
      if (opencode)
        return out.step(`${probe.provider}/${probe.model}`, () =>
          askByClient(probe, { stack, client, tap, bin: opencode.bin }),
        );
      if (probe.layer === 2) return askByHttp(probe, stack, client, endpoint);
      return Promise.resolve(
        skipped(probe, `opencode is not installed; npm install -g opencode-ai@${OPENCODE_VERSION}`),
      );
    };
    return await inParallel(client.guide.probes, PARALLEL, work);
  } finally {
    await tap.close();
  }
}

function skipped({ layer, provider, model }: Probe, reason: string): SmokeRow {
  return { layer, provider, model, ok: null, reason: `skipped: ${reason}`, ms: 0 };
}

/** One request by the real client, in a home of its own, over the tap. */
async function askByClient(
  probe: Probe,
  { stack, client, tap, bin }: { stack: string; client: StackClient; tap: Tap; bin: string },
): Promise<SmokeRow> {
  const { layer, provider, model } = probe;
  const config = structuredClone(client.config);
  const entry = config.provider[provider];
  const id = `${provider}-${client.guide.probes.indexOf(probe)}`;
  if (entry) entry.options.baseURL = tap.through(id, entry.options.baseURL);
  // The mock may be the only model; a title would be asked of another.
  const home = await makeHome({
    config: { ...config, small_model: `${provider}/${model}` },
    auth: client.auth,
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
      ? advise({ layer, provider, stack, status: failed.status, error: failed.error ?? '' })
      : { reason: run.reason ?? 'no answer' };
    return { layer, provider, model, ok: false, reason: clean(sentence(advice)), ms: run.ms };
  } finally {
    await home.remove();
  }
}

async function askByHttp(
  probe: Probe,
  stack: string,
  client: StackClient,
  endpoint: string,
): Promise<SmokeRow> {
  const { layer, provider, model } = probe;
  const key = client.auth.litellm?.key ?? '';
  const answer = await askOnce(endpoint, key, model, stack);
  return {
    layer,
    provider,
    model: answer.model,
    ok: answer.ok,
    reason: redactor([key])(answer.reason),
    ms: answer.ms,
  };
}

function sentence({ reason, command }: { reason: string; command?: string }): string {
  return command ? `${reason}; ${command}` : reason;
}

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

function tableOf(rows: readonly SmokeRow[]): string {
  const state = ({ ok }: SmokeRow): string => (ok === null ? 'skipped' : ok ? 'ok' : 'FAILED');
  return table(
    ['layer', 'provider', 'model', '', 'ms', ''],
    rows.map((row) => [
      String(row.layer),
      row.provider,
      row.model,
      state(row),
      row.ok === null ? '' : String(row.ms),
      row.reason.replace(/^skipped: /, ''),
    ]),
  );
}
