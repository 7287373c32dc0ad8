/** Parallel clients that ask 127.0.0.1 and remember what became of each request. Bounded in count and time. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RequestSpec, send } from './request.ts';
import type { RequestRecord } from './request-record.ts';

/** What to load with. */
export interface LoadOptions {
  port: number;
  /** The key, asked for before each request of a client: clients may switch while they run. */
  key: (client: number) => string;
  model: string;
  /** How many requests at least. */
  requests: number;
  signal: AbortSignal;
  /** Clients at once. */
  clients?: number;
  /** A client's pause between two requests: leaves the machine room for what the drill changes. */
  pauseMs?: number;
  /** The load ends by itself after so many seconds … */
  maxSeconds?: number;
  /** … or requests. */
  maxRequests?: number;
}

/** A request takes longer only if it is lost: the edge holds one for 60 s, and its answer takes 4 s. */
const TIMEOUT_MS = 120_000;

/** A running load. */
export class Load {
  readonly records: RequestRecord[] = [];
  readonly #options: Required<LoadOptions>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #prefix = `r${randomBytes(3).toString('hex')}n`;
  readonly #end: number;
  readonly #clients: Promise<void>[];
  #begun = 0;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = { clients: 12, pauseMs: 100, maxSeconds: 900, maxRequests: 50_000, ...options };
    this.#end = Date.now() + this.#options.maxSeconds * 1000;
    this.#clients = Array.from({ length: this.#options.clients }, (_, client) => this.#client(client));
  }

  /** Requests begun so far. */
  get sent(): number {
    return this.#begun;
  }

  /**
   * Waits until `share` of the wanted requests are sent.
   *
   * @throws Error if the load has come to its bounds before: what was changed after its end has met no load.
   */
  async reach(share: number): Promise<void> {
    const wanted = this.#options.requests * share;
    while (this.#begun < wanted && !this.#over()) await sleep(20);
    this.#options.signal.throwIfAborted();
    if (this.#begun >= wanted) return;
    const { maxSeconds, maxRequests } = this.#options;
    throw new Error(
      `the load came to its bounds (${maxSeconds} s, ${maxRequests} requests) after ${this.#begun}`,
    );
  }

  /** Goes on until all wanted requests are sent, then waits for the answers that are still to come. */
  async finish(): Promise<RequestRecord[]> {
    await this.reach(1);
    return this.stop();
  }

  /** Sends no more, and waits for the answers that are still to come. */
  async stop(): Promise<RequestRecord[]> {
    this.#stopping = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.records;
  }

  #over(): boolean {
    const { maxRequests, signal } = this.#options;
    return this.#stopping || signal.aborted || this.#begun >= maxRequests || Date.now() >= this.#end;
  }

  async #client(client: number): Promise<void> {
    const { port, key, model, pauseMs, signal } = this.#options;
    // Clients that begin together would stay together.
    await sleep((client * pauseMs) / this.#options.clients);
    while (!this.#over()) {
      const target = { port, key: key(client), model, agent: this.#agent, timeoutMs: TIMEOUT_MS, signal };
      const record = await send(specOf(`${this.#prefix}${this.#begun}`, this.#begun++), target);
      if (!signal.aborted) this.records.push(record);
      await sleep(pauseMs);
    }
  }
}

/** A quarter are streams, a quarter of these long ones; of the others every sixth is slow. */
export function specOf(id: string, index: number): RequestSpec {
  if (index % 16 === 3) return { id, stream: true, chunks: 40, delayMs: 100 };
  if (index % 4 === 3) return { id, stream: true, chunks: 10, delayMs: 50 };
  if (index % 6 === 0) return { id, stream: false, chunks: 5, delayMs: 100 };
  return { id, stream: false, chunks: 5, delayMs: 0 };
}
