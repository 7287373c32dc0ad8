/** Parallel clients that send requests to 127.0.0.1 and record each result. Bounded in count and time. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RequestSpec, send } from './request.ts';
import type { RequestRecord } from './request-record.ts';

/** Options of a load. */
export interface LoadOptions {
  port: number;
  /** Returns a client's key; called before each request, because clients may switch keys during the load. */
  key: (client: number) => string;
  model: string;
  /** The minimum number of requests. */
  requests: number;
  signal: AbortSignal;
  /**
   * The number of clients.
   *
   * @default 12
   */
  clients?: number;
  /**
   * A client's pause between two requests. It leaves CPU time for what the drill changes.
   *
   * @default 100
   */
  pauseMs?: number;
  /**
   * The load ends after this time.
   *
   * @default 900
   */
  maxSeconds?: number;
  /**
   * The load ends after this number of requests.
   *
   * @default 50000
   */
  maxRequests?: number;
}

/** Only a lost request takes longer: the edge queues a request for up to 60 s, and its answer takes 4 s. */
const TIMEOUT_MS = 120_000;

/** A running load. */
export class Load {
  readonly records: RequestRecord[] = [];
  readonly #options: Required<LoadOptions>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #prefix = `r${randomBytes(3).toString('hex')}n`;
  readonly #end: number;
  readonly #clients: Promise<void>[];
  #sent = 0;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = { clients: 12, pauseMs: 100, maxSeconds: 900, maxRequests: 50_000, ...options };
    this.#end = Date.now() + this.#options.maxSeconds * 1000;
    this.#clients = Array.from({ length: this.#options.clients }, (_, client) => this.#client(client));
  }

  /** The number of requests sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Waits until `share` of the configured requests are sent.
   *
   * @throws Error if the load reaches its limits first: then the change would not have happened under load.
   */
  async reach(share: number): Promise<void> {
    const target = this.#options.requests * share;
    while (this.#sent < target && !this.#over()) await sleep(20);
    this.#options.signal.throwIfAborted();
    if (this.#sent >= target) return;
    const { maxSeconds, maxRequests } = this.#options;
    throw new Error(
      `the load reached its limits (${maxSeconds} s, ${maxRequests} requests) after ${this.#sent} requests`,
    );
  }

  /** Continues until all configured requests are sent, then waits for outstanding answers. */
  async finish(): Promise<RequestRecord[]> {
    await this.reach(1);
    return this.stop();
  }

  /** Sends no more requests, and waits for outstanding answers. */
  async stop(): Promise<RequestRecord[]> {
    this.#stopping = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.records;
  }

  #over(): boolean {
    const { maxRequests, signal } = this.#options;
    return this.#stopping || signal.aborted || this.#sent >= maxRequests || Date.now() >= this.#end;
  }

  async #client(client: number): Promise<void> {
    const { port, key, model, pauseMs, signal } = this.#options;
    // Start the clients at different times: otherwise they would send in lockstep.
    await sleep((client * pauseMs) / this.#options.clients);
    while (!this.#over()) {
      const target = { port, key: key(client), model, agent: this.#agent, timeoutMs: TIMEOUT_MS, signal };
      const record = await send(specOf(`${this.#prefix}${this.#sent}`, this.#sent++), target);
      if (!signal.aborted) this.records.push(record);
      await sleep(pauseMs);
    }
  }
}

/** The kind of a request: a quarter are streams, a quarter of these long; of the others every sixth is slow. */
export function specOf(id: string, index: number): RequestSpec {
  if (index % 16 === 3) return { id, stream: true, chunks: 40, delayMs: 100 };
  if (index % 4 === 3) return { id, stream: true, chunks: 10, delayMs: 50 };
  if (index % 6 === 0) return { id, stream: false, chunks: 5, delayMs: 100 };
  return { id, stream: false, chunks: 5, delayMs: 0 };
}
