/** The test rig of a benchmark: a throwaway checkout with its stacks, the fake upstream, and the plain gateways. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { docker, stackContainers } from '../engine/containers.ts';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { dockerName } from '../infra/docker-names.ts';
import { Checkout, type CommandResult } from '../sandbox/checkout.ts';
import { freePort } from '../sandbox/free-port.ts';
import { Upstream, upstreamBaseUrls } from '../sandbox/upstream.ts';
import { ColdStart } from './cold-start.ts';
import { removeLabelled, removeRun } from './bench-containers.ts';
import { startLitellm } from './litellm.ts';
import { meterOf } from './meter.ts';
import { startPortkey } from './bench-portkey.ts';
import { newKey, type BenchEnvironment } from './bench-environment.ts';
import type { Target } from './targets.ts';

/** The requested alias, its provider, and the secret with the provider's key. */
const ALIAS = 'groq-llama3-70b';
const PROVIDER = 'groq';
const KEY_NAME = 'GROQ_API_KEY';
const PATH = '/v1/chat/completions';
/** A number after any request's, so that the upstream returns only the count. */
const AFTER_ALL_REQUESTS = 1_000_000_000;

/** A deployed stack. */
export interface BenchStack extends Target {
  /** The stack's name. */
  stack: string;
}

/** Everything that a run needs. {@link remove} removes all of it. */
export class Rig {
  readonly checkout = new Checkout({ engineLogs: true });
  /** The run's id, which is part of its containers' names. */
  readonly run = `bench-${randomBytes(3).toString('hex')}`;
  readonly #signal: AbortSignal;
  readonly #out: Output;
  readonly #providerKey = newKey();
  readonly #upstreamPort: number;
  /** The names of its stacks, deployed or not. */
  readonly stacks: string[] = [];
  #upstream: Upstream | undefined;
  #first: BenchStack | undefined;

  private constructor(out: Output, signal: AbortSignal, upstreamPort: number) {
    this.#out = out;
    this.#signal = signal;
    this.#upstreamPort = upstreamPort;
    this.checkout.signal = signal;
  }

  /** Creates the checkout. Nothing runs yet. */
  static async create(out: Output, signal: AbortSignal): Promise<Rig> {
    return new Rig(out, signal, await freePort());
  }

  /** Deploys a stack with this number of gateways; with the first stack the upstream is started. */
  async startStack(replicas: number): Promise<BenchStack> {
    const settings = { replicas, baseUrls: upstreamBaseUrls(this.#upstreamPort), portkey: { mode: 'off' } };
    const { stack, port } = await this.checkout.addStack(`bench${replicas}`, settings);
    this.stacks.push(stack);
    const label = `deploying ${stack} with ${replicas} ${replicas === 1 ? 'gateway' : 'gateways'}`;
    const { containers, coldStartCpuSeconds } = await this.#out.step(label, () => this.#up(stack));
    await this.#connectUpstream(stack);
    const masterKey = (await this.#pulumi(stack, ['stack', 'output', 'masterKey', '--show-secrets'])).trim();
    const headers = { authorization: `Bearer ${masterKey}` };
    const endpoint = { host: '127.0.0.1', port, path: PATH, headers, model: ALIAS };
    const name = `switchyard-${replicas}`;
    const started = { name, stack, endpoint, containers, coldStartCpuSeconds, caches: true };
    this.#first ??= started;
    return started;
  }

  async #up(stack: string): Promise<Pick<Target, 'containers' | 'coldStartCpuSeconds'>> {
    await this.#pulumi(stack, ['config', 'set', '--secret', KEY_NAME], this.#providerKey);
    const coldStart = new ColdStart(stack);
    try {
      this.#expect(await this.checkout.switchyard(['up', stack]), `up ${stack}`);
      const containers = (await stackContainers(stack)).map(({ id }) => id);
      return { containers, coldStartCpuSeconds: await coldStart.sum(containers) };
    } finally {
      coldStart.end();
    }
  }

  async #connectUpstream(stack: string): Promise<void> {
    if (this.#upstream === undefined) this.#upstream = await Upstream.start(stack, this.#upstreamPort);
    else await docker(['network', 'connect', '--alias', 'upstream', dockerName(stack), this.#upstream.name]);
  }

  /** The number of requests that the upstream has received. */
  async received(): Promise<number> {
    const response = await fetch(
      `http://127.0.0.1:${this.#upstreamPort}/_requests?since=${AFTER_ALL_REQUESTS}`,
    );
    return ((await response.json()) as { next: number }).next;
  }

  /** The upstream itself, without a gateway. */
  async direct(): Promise<Target> {
    const { upstream } = this.#started();
    const { model, providerKey } = this.#environment();
    const { cpuSeconds } = await (await meterOf([upstream.name])).read();
    const path = new URL(this.#address()).pathname;
    return {
      name: 'direct',
      endpoint: {
        host: '127.0.0.1',
        port: this.#upstreamPort,
        path: `${path}/chat/completions`,
        headers: { authorization: `Bearer ${providerKey}` },
        model: model.upstreamModel,
      },
      containers: [upstream.name],
      coldStartCpuSeconds: cpuSeconds,
      caches: false,
    };
  }

  /** Plain LiteLLM, from the image of the first stack's gateway. */
  async litellm(): Promise<Target> {
    const { stack } = this.#started();
    const gateway = (await stackContainers(stack)).find(({ role }) => role === 'gateway');
    if (gateway === undefined) throw new Error(`${stack} has no gateway`);
    const image = (await docker(['inspect', '--format', '{{.Image}}', gateway.id])).stdout;
    return this.#out.step('starting plain LiteLLM', () =>
      startLitellm(this.#environment(), image, this.#signal),
    );
  }

  /** Portkey's plain gateway. */
  async portkey(): Promise<Target> {
    const where = { checkout: this.checkout.dir, stack: this.#started().stack };
    return this.#out.step("building and starting Portkey's gateway", () =>
      startPortkey(this.#environment(), where, this.#signal),
    );
  }

  /** Removes everything, whatever its state. */
  async remove(): Promise<void> {
    delete this.checkout.signal;
    await removeRun(this.run);
    // Remove the upstream by its label, because an interrupted start leaves no other reference to it.
    for (const stack of this.stacks) await removeLabelled(`switchyard.test=${stack}`);
    await this.checkout.remove();
  }

  #started(): { upstream: Upstream; stack: string } {
    if (!this.#upstream || !this.#first) throw new Error('no stack is deployed');
    return { upstream: this.#upstream, stack: this.#first.stack };
  }

  #environment(): BenchEnvironment {
    const catalog = parse(readFileSync(join(this.checkout.dir, 'config-templates/catalog.yaml'), 'utf8')) as {
      models: Record<string, { model: string } | undefined>;
    };
    const upstreamModel = catalog.models[ALIAS]?.model;
    if (upstreamModel === undefined) throw new Error(`the catalogue does not contain ${ALIAS}`);
    return {
      run: this.run,
      network: dockerName(this.#started().stack),
      apiBase: this.#address(),
      provider: PROVIDER,
      providerKey: this.#providerKey,
      model: { alias: ALIAS, litellmModel: `${PROVIDER}/${upstreamModel}`, upstreamModel },
      freePort,
    };
  }

  #address(): string {
    const address = upstreamBaseUrls(this.#upstreamPort)[PROVIDER]?.gateway;
    if (address === undefined) throw new Error(`the upstream does not simulate ${PROVIDER}`);
    return address;
  }

  async #pulumi(stack: string, args: string[], input?: string): Promise<string> {
    return this.#expect(await this.checkout.pulumi(stack, args, input), `pulumi ${args[0]}`);
  }

  #expect(result: CommandResult, what: string): string {
    this.#signal.throwIfAborted();
    if (result.exitCode === 0) return result.stdout;
    const { stderr } = result;
    const error = stderr.slice(Math.max(0, `\n${stderr}`.lastIndexOf('\nerror: '))).trim();
    throw new UserError(`${what} failed on a throwaway stack (exit code ${result.exitCode})`, {
      found: error.split('\n').slice(0, 12).join('\n'),
    });
  }
}
