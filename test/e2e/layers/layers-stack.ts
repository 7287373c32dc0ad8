/** The throwaway stack for the tests of all layers: every provider has a key, OpenAI two, and the stack has its own Portkey. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { Checkout } from '../../../sandbox/checkout.ts';
import { freePort } from '../../../sandbox/free-port.ts';
import { type Fault, type ReceivedRequest, Upstream, upstreamBaseUrls } from '../../../sandbox/upstream.ts';

export const MINUTE = 60_000;

/** These do not look like any provider's key, so that only redaction by value can hide them. */
export const KEYS = {
  OPENAI_API_KEY: 'canary-5be1f0c7d2a94e38-openai',
  OPENAI_API_KEY_2: 'canary-90d4c7a1b36e5f28-openai-second',
  ANTHROPIC_API_KEY: 'canary-2c8a6e04f1b7d953-anthropic',
  DEEPSEEK_API_KEY: 'canary-7f3d90b5c2e8a146-deepseek',
  GROQ_API_KEY: 'canary-e61b4a8d07c2f395-groq',
  MISTRAL_API_KEY: 'canary-38c5d1f9a0e7b264-mistral',
  OPENROUTER_API_KEY: 'canary-a4f07e2b9d6c8135-openrouter',
  TOGETHER_API_KEY: 'canary-d15c83e7f4a0b296-together',
  PERPLEXITY_API_KEY: 'canary-6b9e2d70a8f4c351-perplexity',
  HUGGINGFACE_API_KEY: 'canary-f27a0c4e9b5d8163-huggingface',
  PORTKEY_API_KEY: 'canary-1e94b7d3c0a6f582-portkey',
} as const;

/** The timeout of `mistral-large` in seconds, so that a test does not wait for the minute in the shipped catalogue. */
export const SHORT_TIMEOUT = 3;
/** The default timeout of a model, in seconds. */
export const SHIPPED_TIMEOUT = 60;
/** The cooldown of a failed deployment in seconds; the shipped value is 20. Each test must start without a cooldown. */
const COOLDOWN = 1;
/** The maximum number of concurrent requests to the gateway; it rejects further ones. */
export const LIMIT = 12;

/** The stack, with helpers for the tests. */
export class LayersStack {
  readonly checkout = new Checkout();
  stack = '';
  endpoint = '';
  /** The master key. */
  key = '';
  upstream!: Upstream;
  /** The fake's port on this machine's own address on Docker's network, where the alias `on-host` calls it. */
  hostPort = 0;
  /** What `up` printed. */
  deployed!: { providers: { name: string; status: number; reason: string | null }[] };
  #hasFaults = false;

  /** Deploys it. */
  async start(): Promise<void> {
    const upstreamPort = await freePort();
    this.hostPort = await freePort();
    const { stack, port } = await this.checkout.addStack('layers', {
      portkey: { mode: 'local' },
      // A busy machine takes minutes to start LiteLLM again.
      queueTimeoutSeconds: 300,
      baseUrls: { ...upstreamBaseUrls(upstreamPort), portkey: 'http://upstream:9000/portkey/v1' },
    });
    this.stack = stack;
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#editTemplates();
    const env = Object.entries(KEYS).map(([name, value]) => `${name}=${value}\n`);
    await this.checkout.json(['keys', 'import', '-', stack], { input: env.join('') });
    this.deployed = await this.checkout.json(['up', stack]);
    this.upstream = await Upstream.start(stack, upstreamPort, this.hostPort);
    await this.readKey();
  }

  /** Reads the current master key. */
  async readKey(): Promise<string> {
    const { stdout } = await this.checkout.pulumi(this.stack, [
      'stack',
      'output',
      'masterKey',
      '--show-secrets',
    ]);
    return (this.key = stdout.trim());
  }

  /** The value of the key that clients have. */
  async defaultKey(): Promise<string> {
    const { stdout } = await this.checkout.pulumi(this.stack, [
      ...['stack', 'output', 'keys', '--show-secrets', '--json'],
    ]);
    return (JSON.parse(stdout) as { default: string }).default;
  }

  /** Changes a setting in the stack's settings file. */
  set(name: string, value: unknown): void {
    const file = join(this.checkout.dir, `Pulumi.${this.stack}.yaml`);
    setIn(file, ['config', `switchyard:${name}`], value);
  }

  /** Ends all faults, waits until all cooldowns are over, and clears the received requests. */
  async resetFaults(): Promise<void> {
    await this.upstream.forget();
    if (this.#hasFaults) await sleep(COOLDOWN * 1000 + 500);
    this.#hasFaults = false;
  }

  /** Injects faults until the next {@link resetFaults}. */
  async injectFaults(...faults: Fault[]): Promise<void> {
    this.#hasFaults = true;
    await this.upstream.inject(...faults);
  }

  /** Changes a value in the catalogue's file. */
  setCatalog(path: string[], value: unknown): void {
    setIn(join(this.checkout.dir, 'config-templates/catalog.yaml'), path, value);
  }

  /** Sends a client's request with the key. */
  post(path: string, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.endpoint + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(6 * MINUTE),
    });
  }

  /** Sends a new question to OpenAI's chat route. It is never the same twice, so that the cache does not answer. */
  chat(model: string, more: Record<string, unknown> = {}): Promise<Response> {
    return this.post('/v1/chat/completions', { model, messages: question(), ...more });
  }

  /** The requests that the upstreams received since the last {@link resetFaults}. */
  received(): Promise<ReceivedRequest[]> {
    return this.upstream.requests();
  }

  /** Docker's ids of the containers with a role. */
  async containers(role: string): Promise<string[]> {
    const filters = [`label=switchyard.stack=${this.stack}`, `label=switchyard.role=${role}`];
    const { stdout } = await execa('docker', ['ps', '-q', ...filters.flatMap((one) => ['--filter', one])]);
    return stdout.split('\n').filter(Boolean);
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await this.upstream?.stop();
    await this.checkout.remove();
  }

  #editTemplates(): void {
    this.setCatalog(['models', 'mistral-large', 'timeout'], SHORT_TIMEOUT);
    this.setCatalog(['fallbacks', 'mistral-large'], ['deepseek-coder']);
    this.setCatalog(['limits', 'parallelRequests'], LIMIT);
    const baseUrl = `http://host.docker.internal:${this.hostPort}/on-host/v1`;
    this.setCatalog(['providers', 'on-host'], {
      name: 'On the host',
      key: 'none',
      litellm: 'custom_openai',
      baseUrl,
    });
    this.setCatalog(['models', 'on-host'], { provider: 'on-host', model: 'm', notInPriceMap: 'A test.' });
    const litellm = join(this.checkout.dir, 'config-templates/litellm.yaml');
    setIn(litellm, ['router_settings', 'cooldown_time'], COOLDOWN);
  }
}

/** Sets a value in a YAML file; everything else stays unchanged. */
function setIn(file: string, path: string[], value: unknown): void {
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.setIn(path, value);
  writeFileSync(file, document.toString());
}

let asked = 0;

/** Messages that were not used before. */
export function question(text = 'hi'): [{ role: 'user'; content: string }] {
  asked += 1;
  return [{ role: 'user', content: `${text} (question ${asked} of ${process.pid})` }];
}

/** The text of a chat completion; any other response unchanged. */
export async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { choices?: { message: { content: string } }[] };
    return body.choices?.[0]?.message.content ?? text;
  } catch {
    return text;
  }
}
