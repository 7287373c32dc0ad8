/** The throwaway checkout of a benchmark: its stacks, the fake upstream, and the plain gateways beside them. */
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
import { newKey, type Site } from './site.ts';
import type { Target } from './targets.ts';

/** The alias that is asked, and its provider with the secret that holds its key. */
const ALIAS = 'groq-llama3-70b';
const PROVIDER = 'groq';
const KEY_NAME = 'GROQ_API_KEY';
const PATH = '/v1/chat/completions';
/** Later than any request: the upstream then tells only their number. */
const NEVER = 1_000_000_000;

/** A stack that is up. */
export interface BenchStack extends Target {
  /** The stack's name. */
  stack: string;
}

/** Everything that a run needs. Whatever was made, {@link remove} removes. */
export class Rig {
  readonly checkout = new Checkout();
  /** The run's own id, a part of the names of its containers. */
  readonly run = `bench-${randomBytes(3).toString('hex')}`;
  readonly #signal: AbortSignal;
  readonly #out: Output;
  readonly #providerKey = newKey();
  readonly #upstreamPort: number;
  /** The names of its stacks, whatever their state. */
  readonly stacks: string[] = [];
  #upstream: Upstream | undefined;
  #first: BenchStack | undefined;

  private constructor(out: Output, signal: AbortSignal, upstreamPort: number) {
    this.#out = out;
    this.#signal = signal;
    this.#upstreamPort = upstreamPort;
    this.checkout.signal = signal;
  }

  /** Makes the checkout. Nothing runs yet. */
  static async create(out: Output, signal: AbortSignal): Promise<Rig> {
    return new Rig(out, signal, await freePort());
  }

  /** Brings up a stack with this number of gateways; with the first one comes the upstream. */
  async startStack(replicas: number): Promise<BenchStack> {
    const settings = { replicas, baseUrls: upstreamBaseUrls(this.#upstreamPort), portkey: { mode: 'off' } };
    const { stack, port } = await this.checkout.addStack(`bench${replicas}`, settings);
    this.stacks.push(stack);
    const label = `bringing ${stack} up with ${replicas} ${replicas === 1 ? 'gateway' : 'gateways'}`;
    const { containers, coldStartCpuSeconds } = await this.#out.step(label, () => this.#up(stack));
    await this.#connectUpstream(stack);
    const masterKey = (await this.#pulumi(stack, ['stack', 'output', 'masterKey', '--show-secrets'])).trim();
    const headers = { authorization: `Bearer ${masterKey}` };
    const endpoint = { host: '127.0.0.1', port, path: PATH, headers, model: ALIAS };
    const name = `switchyard-${replicas}`;
    const made = { name, stack, endpoint, containers, coldStartCpuSeconds, caches: true };
    this.#first ??= made;
    return made;
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

  /** How many requests the upstream has received. */
  async received(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#upstreamPort}/_requests?since=${NEVER}`);
    return ((await response.json()) as { next: number }).next;
  }

  /** The upstream itself, asked without any gateway. */
  async direct(): Promise<Target> {
    const { upstream } = this.#started();
    const { model, providerKey } = this.#site();
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

  /** LiteLLM alone, from the image of the first stack's gateway. */
  async litellm(): Promise<Target> {
    const { stack } = this.#started();
    const gateway = (await stackContainers(stack)).find(({ role }) => role === 'gateway');
    if (gateway === undefined) throw new Error(`${stack} has no gateway`);
    const image = (await docker(['inspect', '--format', '{{.Image}}', gateway.id])).stdout;
    return this.#out.step('starting plain LiteLLM', () => startLitellm(this.#site(), image, this.#signal));
  }

  /** Portkey's gateway alone. */
  async portkey(): Promise<Target> {
    const where = { checkout: this.checkout.dir, stack: this.#started().stack };
    return this.#out.step("building and starting Portkey's gateway", () =>
      startPortkey(this.#site(), where, this.#signal),
    );
  }

  /** Removes everything, whatever became of it. */
  async remove(): Promise<void> {
    delete this.checkout.signal;
    await removeRun(this.run);
    // By its label: an upstream whose start was interrupted is known by nothing else.
    for (const stack of this.stacks) await removeLabelled(`switchyard.test=${stack}`);
    await this.checkout.remove();
  }

  #started(): { upstream: Upstream; stack: string } {
    if (!this.#upstream || !this.#first) throw new Error('no stack is up');
    return { upstream: this.#upstream, stack: this.#first.stack };
  }

  #site(): Site {
    const catalog = parse(readFileSync(join(this.checkout.dir, 'config-templates/catalog.yaml'), 'utf8')) as {
      models: Record<string, { model: string } | undefined>;
    };
    const upstreamModel = catalog.models[ALIAS]?.model;
    if (upstreamModel === undefined) throw new Error(`the catalogue has no ${ALIAS}`);
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
    if (address === undefined) throw new Error(`the upstream does not play ${PROVIDER}`);
    return address;
  }

  async #pulumi(stack: string, args: string[], input?: string): Promise<string> {
    return this.#expect(await this.checkout.pulumi(stack, args, input), `pulumi ${args[0]}`);
  }

  #expect(result: CommandResult, what: string): string {
    this.#signal.throwIfAborted();
    if (result.exitCode === 0) return result.stdout;
    const { stderr } = result;
    const said = stderr.slice(Math.max(0, `\n${stderr}`.lastIndexOf('\nerror: '))).trim();
    throw new UserError(`${what} failed on a throwaway stack (exit code ${result.exitCode})`, {
      found: said.split('\n').slice(0, 12).join('\n'),
    });
  }
}
