/** The real opencode for `smoke`: one server of it asks every target, through a proxy that records who answered. */
import type { OpencodeAuth, OpencodeConfig } from '../domain/render/opencode-files.ts';
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { redactor } from '../console/redactor.ts';
import type { ClientFiles } from './client-files.ts';
import { type ClientHome, makeHome } from './client-home.ts';
import { describeExplanation, explainFailure } from './explain-failure.ts';
import { OpencodeServer } from './opencode-server.ts';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';
import { skipped, type SmokeRow } from './smoke-rows.ts';

const PROMPT = 'Answer with the one word: pong';
const TIMEOUT_MS = 120_000;

/** How to start a {@link SmokeClient}. */
export interface SmokeClientRequest {
  stack: string;
  /** The stack's client files. */
  client: ClientFiles;
  /** What it will be asked. */
  targets: readonly SmokeTarget[];
  /** opencode's binary. */
  bin: string;
  /** Ends it early. */
  signal: AbortSignal | undefined;
}

/** Asks targets with the real opencode. Its home folder has only the providers and keys of the targets. */
export class SmokeClient {
  readonly #stack: string;
  readonly #names: SmokeFiles['names'];
  readonly #proxy: RecordingProxy;
  readonly #home: ClientHome;
  readonly #server: OpencodeServer;

  private constructor(
    { stack, bin, signal }: SmokeClientRequest,
    { names, proxy, home }: { names: SmokeFiles['names']; proxy: RecordingProxy; home: ClientHome },
  ) {
    this.#stack = stack;
    this.#names = names;
    this.#proxy = proxy;
    this.#home = home;
    const env = { ...home.env, OPENCODE_DISABLE_PROJECT_CONFIG: '1' };
    this.#server = new OpencodeServer({ bin, env, cwd: home.dir, signal });
  }

  /** Starts it. The caller stops it. */
  static async start(request: SmokeClientRequest): Promise<SmokeClient> {
    const proxy = await startRecordingProxy();
    try {
      const { files, names } = smokeFiles(request.client, request.targets, (id, url) =>
        proxy.urlFor(id, url),
      );
      return new SmokeClient(request, { names, proxy, home: await makeHome(files) });
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  /** Sends one request to a target. */
  async ask(target: SmokeTarget): Promise<SmokeRow> {
    const name = this.#names.get(target);
    if (name === undefined) return skipped(target, 'the client files do not contain it');
    const { layer, provider, model } = target;
    const answer = await this.#server.ask({
      model: `${name}/${model}`,
      prompt: PROMPT,
      title: 'smoke',
      timeoutMs: TIMEOUT_MS,
      maxFailures: 1,
    });
    const row = { layer, provider, ok: answer.ok, ms: answer.ms };
    const responses = this.#proxy.responses(name);
    if (answer.ok) {
      const answered = responses.findLast(({ status }) => status < 400);
      return { ...row, model: answered?.model ?? model, reason: answered?.fallback ?? '' };
    }
    const failed = responses.findLast(({ error }) => error !== undefined);
    const explanation = failed
      ? explainFailure({ ...target, stack: this.#stack, status: failed.status, error: failed.error ?? '' })
      : { reason: answer.reason ?? 'no answer' };
    const clean = redactor(this.#home.secrets);
    return { ...row, model, reason: clean(describeExplanation(explanation)) };
  }

  /** Ends its processes and removes its home folder. */
  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#proxy.close();
    await this.#home.remove();
  }
}

/** The client's files for a test of targets, and under which provider each target is found there. */
export interface SmokeFiles {
  files: ClientFiles;
  /** Without those that the files do not contain. */
  names: ReadonlyMap<SmokeTarget, string>;
}

/**
 * The client's files with a provider for each target, whose requests go through the proxy. A further target of one provider gets a copy of
 * the provider, so that the proxy can tell them apart.
 *
 * @param urlFor the proxy's: registers a provider's base URL and returns the URL that leads to it.
 */
export function smokeFiles(
  client: ClientFiles,
  targets: readonly SmokeTarget[],
  urlFor: RecordingProxy['urlFor'],
): SmokeFiles {
  const provider: OpencodeConfig['provider'] = {};
  const auth: OpencodeAuth = {};
  const names = new Map<SmokeTarget, string>();
  for (const target of targets) {
    const entry = client.config.provider[target.provider];
    const key = client.auth[target.provider];
    if (entry === undefined || key === undefined) continue;
    const earlier = [...names.keys()].filter((one) => one.provider === target.provider).length;
    const name = earlier === 0 ? target.provider : `${target.provider}-${earlier + 1}`;
    const baseURL = urlFor(name, entry.options.baseURL);
    provider[name] = { ...entry, options: { ...entry.options, baseURL } };
    auth[name] = key;
    names.set(target, name);
  }
  const [first] = names;
  const model = first === undefined ? '' : `${first[1]}/${first[0].model}`;
  const config = {
    ...client.config,
    ...{ enabled_providers: [...names.values()], disabled_providers: [], provider, agent: {} },
    ...(first === undefined ? {} : { model, small_model: model }),
  };
  return { files: { config, auth }, names };
}
