/** The throwaway stack that drills change and break: its own checkout, a deployed stack, the fake upstream on its network. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import type { Progress } from '../console/output.ts';
import { Checkout, type CommandResult } from '../sandbox/checkout.ts';
import { freePort } from '../sandbox/free-port.ts';
import { type ReceivedRequest, Upstream, upstreamBaseUrls } from '../sandbox/upstream.ts';
import type { Arrival } from './classify.ts';
import { Load } from './drill-load.ts';

/** The alias that drills send requests to. */
export const MODEL = 'groq-llama3-70b';
/** The secret with its provider's key. */
export const KEY_NAME = 'GROQ_API_KEY';

/** A gateway's container. */
export interface GatewayContainer {
  id: string;
  name: string;
  /** Its address on the stack's network. */
  address: string;
  /** Docker's id of its image. */
  image: string;
  /** The process id, on the host, of its first process; 0 if it does not run. */
  pid: number;
  /** Docker's health status, e.g. `healthy`; `none` without a health check. */
  health: string;
  restarts: number;
}

/** A stack for drills. */
export class DrillStack {
  readonly checkout: Checkout;
  readonly name: string;
  readonly port: number;
  /** How long the last {@link up} took. */
  lastUpMs = 0;
  #upstream: Upstream | undefined;
  readonly #upstreamPort: number;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;

  private constructor(
    checkout: Checkout,
    created: { stack: string; port: number; upstreamPort: number },
    options: { progress: Progress; signal: AbortSignal },
  ) {
    this.checkout = checkout;
    this.name = created.stack;
    this.port = created.port;
    this.#upstreamPort = created.upstreamPort;
    this.#progress = options.progress;
    this.#signal = options.signal;
  }

  /** Creates a checkout with a stack's settings. Nothing runs until {@link up}. */
  static async create(options: { progress: Progress; signal: AbortSignal }): Promise<DrillStack> {
    const checkout = new Checkout();
    checkout.signal = options.signal;
    const upstreamPort = await freePort();
    const settings = { baseUrls: upstreamBaseUrls(upstreamPort), portkey: { mode: 'off' } };
    const created = await checkout.addStack('drill', settings);
    return new DrillStack(checkout, { ...created, upstreamPort }, options);
  }

  /** The fake upstream. */
  get upstream(): Upstream {
    if (this.#upstream === undefined) throw new Error('the stack has no upstream before its first up');
    return this.#upstream;
  }

  /** Runs `./switchyard up` and records its duration. The upstream is started after the first one. */
  async up(): Promise<void> {
    const begun = Date.now();
    this.#expect(await this.tryUp(), 'up');
    this.lastUpMs = Date.now() - begun;
    this.#upstream ??= await Upstream.start(this.name, this.#upstreamPort);
  }

  /** Runs `./switchyard up`, which may fail. */
  async tryUp(): Promise<CommandResult> {
    const result = await this.checkout.switchyard(['up', this.name]);
    this.#signal.throwIfAborted();
    return result;
  }

  /** Runs `./switchyard <args>` and expects it to succeed. */
  async switchyard(args: string[], input?: string): Promise<string> {
    const result = await this.checkout.switchyard(args, input === undefined ? {} : { input });
    return this.#expect(result, args.join(' '));
  }

  /** Runs plain `pulumi <args>` on the stack and expects it to succeed. */
  async pulumi(args: string[], input?: string): Promise<string> {
    return this.#expect(await this.checkout.pulumi(this.name, args, input), `pulumi ${args.join(' ')}`);
  }

  /** Sets a provider's key as an operator does: with plain Pulumi, the value on standard input. */
  async setKey(name: string, value: string): Promise<void> {
    await this.pulumi(['config', 'set', '--secret', name], value);
  }

  /** The operator's key. */
  async masterKey(): Promise<string> {
    return (await this.pulumi(['stack', 'output', 'masterKey', '--show-secrets'])).trim();
  }

  /** The values of the virtual keys, by name. */
  async virtualKeys(): Promise<Record<string, string>> {
    const printed = await this.pulumi(['stack', 'output', 'keys', '--show-secrets', '--json']);
    return JSON.parse(printed) as Record<string, string>;
  }

  /**
   * Edits a file of the checkout.
   *
   * @throws Error if nothing changes.
   */
  edit(path: string, change: (text: string) => string): void {
    const file = join(this.checkout.dir, path);
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the drill's change of ${path} changes nothing`);
    writeFileSync(file, after);
  }

  /** The gateways' containers, running or not. */
  async gateways(): Promise<GatewayContainer[]> {
    const filters = [`label=switchyard.stack=${this.name}`, 'label=switchyard.role=gateway'];
    const { stdout } = await execa('docker', [
      'ps',
      '-aq',
      '--no-trunc',
      ...filters.flatMap((f) => ['--filter', f]),
    ]);
    const ids = stdout.split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    // A container that is removed between the two commands causes an error, but the others are still printed.
    const inspected = await execa('docker', ['inspect', ...ids], { reject: false });
    return (JSON.parse(inspected.stdout) as Inspected[]).map((container) =>
      containerOf(container, this.name),
    );
  }

  /** A container's log. */
  async logs(id: string): Promise<string> {
    return (await execa('docker', ['logs', id], { all: true })).all;
  }

  /**
   * Starts a load on the stack. In a short run it is lighter: the drill's change then takes half the time, and still happens during
   * requests.
   */
  load(
    { requests, short }: { requests: number; short: boolean },
    key: string | ((client: number) => string),
  ): Load {
    const keyOf = typeof key === 'string' ? () => key : key;
    const pace = short ? { pauseMs: 500 } : {};
    return new Load({ port: this.port, key: keyOf, model: MODEL, requests, signal: this.#signal, ...pace });
  }

  /** The loads' requests as the upstream received them: when, and from which gateway. */
  async arrivals(): Promise<Arrival[]> {
    return arrivalsOf(await this.upstream.requests());
  }

  /** Waits until every gateway is healthy and the model answers. */
  async untilAnswers(key: string, seconds = 180): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      this.#signal.throwIfAborted();
      const healthy = (await this.gateways()).every((gateway) => gateway.health === 'healthy');
      if (healthy && (await this.#answers(key))) return;
      if (Date.now() > end) throw new Error(`${MODEL} did not answer within ${seconds} s`);
      await sleep(500);
    }
  }

  async #answers(key: string): Promise<boolean> {
    const content = `#text=probe${randomBytes(4).toString('hex')}`;
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content }] }),
      signal: AbortSignal.timeout(90_000),
    }).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok === true;
  }

  /** Removes everything, including what a failed drill left. */
  async remove(): Promise<void> {
    delete this.checkout.signal;
    await this.#upstream?.stop();
    await this.checkout.remove();
  }

  #expect(result: CommandResult, what: string): string {
    this.#signal.throwIfAborted();
    if (result.exitCode === 0) return result.stdout;
    this.#progress(result.stderr);
    const { stderr } = result;
    const error = stderr.slice(Math.max(0, `\n${stderr}`.lastIndexOf('\nerror: '))).trim();
    throw new UserError(`${what} failed on the throwaway stack ${this.name} (exit code ${result.exitCode})`, {
      found: error.split('\n').slice(0, 12).join('\n'),
    });
  }
}

/** The part of `docker inspect` that is used. */
interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  RestartCount: number;
  State: { Pid: number; Health?: { Status: string } };
  NetworkSettings: { Networks: Record<string, { IPAddress: string } | undefined> };
}

function containerOf(container: Inspected, stack: string): GatewayContainer {
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    address: container.NetworkSettings.Networks[`switchyard-${stack}`]?.IPAddress ?? '',
    image: container.Image,
    pid: container.State.Pid,
    health: container.State.Health?.Status ?? 'none',
    restarts: container.RestartCount,
  };
}

/** The loads' requests among all that the upstream received. */
export function arrivalsOf(received: readonly ReceivedRequest[]): Arrival[] {
  return received.flatMap(({ body, peer, time }) => {
    const id = /#text=(r\w+n\d+)/.exec(body)?.[1];
    return id === undefined ? [] : [{ id, gateway: peer, at: time * 1000 }];
  });
}
