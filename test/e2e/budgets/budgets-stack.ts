/** The throwaway stack of the tests of budgets and of the ledger: two gateways, several providers with a key, OpenAI with two. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { Checkout } from '../../../sandbox/checkout.ts';
import { freePort } from '../../../sandbox/free-port.ts';
import { Upstream, upstreamBaseUrls } from '../../../sandbox/upstream.ts';

export const MINUTE = 60_000;

/** The providers' keys; they are no real ones. */
export const KEYS: Record<string, string> = {
  OPENAI_API_KEY: 'canary-40d7b8e1f26a9c35-openai',
  OPENAI_API_KEY_2: 'canary-b62e90c4d7f15a83-openai-second',
  ANTHROPIC_API_KEY: 'canary-8f13c6a7e4902bd5-anthropic',
  DEEPSEEK_API_KEY: 'canary-27c9f05e1b8ad643-deepseek',
  GROQ_API_KEY: 'canary-d3a84f6071be2c95-groq',
  OPENROUTER_API_KEY: 'canary-59e0d2b8c7f4a163-openrouter',
  TOGETHER_API_KEY: 'canary-c48a1f7e0692db35-together',
  HUGGINGFACE_API_KEY: 'canary-1a6f5c3d9e80b274-huggingface',
};
/** The budget of the key `ten`, in US dollars. */
export const BUDGET = 1;

/** A gateway's container. */
export interface GatewayState {
  id: string;
  /** The process id, on the host, of its first process. */
  pid: number;
  name: string;
  /** Its address on the stack's network. */
  address: string;
  health: string;
}

/** The stack, with helpers for the tests. */
export class BudgetsStack {
  readonly checkout = new Checkout();
  stack = '';
  port = 0;
  upstream!: Upstream;

  /** Deploys it. */
  async start(): Promise<void> {
    const upstreamPort = await freePort();
    ({ stack: this.stack, port: this.port } = await this.checkout.addStack('budgets', {
      replicas: 2,
      baseUrls: upstreamBaseUrls(upstreamPort),
      portkey: { mode: 'off' },
      keys: {
        none: { budget: { usd: 0.000001, window: 'month' } },
        ten: { budget: { usd: BUDGET, window: 'month' } },
        alice: {},
        bob: { budget: { usd: 100_000, window: 'month' } },
      },
    }));
    // So that a test of a timeout takes two seconds, and a failed provider is soon called again.
    this.#set('config-templates/catalog.yaml', ['models', 'groq-mixtral', 'timeout'], 2);
    this.#set('config-templates/litellm.yaml', ['router_settings', 'cooldown_time'], 1);
    const input = Object.entries(KEYS).map(([name, value]) => `${name}=${value}\n`);
    await this.checkout.json(['keys', 'import', '-', this.stack], { input: input.join('') });
    await this.checkout.json(['up', this.stack, '--no-ask']);
    this.upstream = await Upstream.start(this.stack, upstreamPort);
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await this.upstream?.stop();
    await this.checkout.remove();
  }

  /** The values of the virtual keys, by alias. */
  async keys(): Promise<Record<string, string>> {
    const output = ['stack', 'output', 'keys', '--show-secrets', '--json'];
    const { stdout } = await this.checkout.pulumi(this.stack, output);
    return JSON.parse(stdout) as Record<string, string>;
  }

  /** Its running gateways, in the order of their names. */
  async gateways(): Promise<GatewayState[]> {
    const filters = [`label=switchyard.stack=${this.stack}`, 'label=switchyard.role=gateway'];
    const listed = await execa('docker', ['ps', '-q', ...filters.flatMap((one) => ['--filter', one])]);
    const ids = listed.stdout.split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    const format =
      '{{.Name}} {{.Id}} {{.State.Pid}} {{.State.Health.Status}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const { stdout } = await execa('docker', ['inspect', '--format', format, ...ids]);
    return stdout
      .split('\n')
      .sort()
      .map((line) => line.split(' '))
      .map(([name = '', id = '', pid = '', health = '', address = '']) => ({
        ...{ name, id, pid: Number(pid), health, address },
      }));
  }

  /** Waits until so many gateways are healthy. */
  async untilHealthy(count: number): Promise<void> {
    for (;;) {
      const healthy = (await this.gateways()).filter(({ health }) => health === 'healthy');
      if (healthy.length === count) return;
      await sleep(500);
    }
  }

  /** What the running gateways' logs say of crashes and hangs, of which they recover by a restart. */
  async crashes(): Promise<string[]> {
    const logs = await Promise.all(
      (await this.gateways()).map(({ id }) => execa('docker', ['logs', id], { all: true })),
    );
    return logs
      .flatMap(({ all }) => all.split('\n'))
      .filter((line) => /^switchyard: the gateway (exited|hung)|^Fatal Python error/.test(line));
  }

  /** Sets a value in a file of the checkout. */
  #set(path: string, at: string[], value: unknown): void {
    const file = join(this.checkout.dir, path);
    const document = parseDocument(readFileSync(file, 'utf8'));
    document.setIn(at, value);
    writeFileSync(file, document.toString());
  }
}
