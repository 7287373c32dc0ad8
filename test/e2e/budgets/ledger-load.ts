/** Sends the requests of the tests of the ledger, a bounded number at once, and notes what the client got. */
import type { Sent } from '../../harness/ledger/compare-ledger.ts';
import type { Planned } from './ledger-mix.ts';

/** What the client got. */
interface Got extends Pick<Sent, 'status' | 'cacheHit' | 'hungUp'> {
  /** The pieces of the text of a stream (PIECE in sandbox/planned_answers.py). */
  pieces: number;
}

/** A request and what the client got. Times are in milliseconds since 1970. */
export interface Received extends Omit<Sent, 'mayBeMissing'>, Got {
  kind: string;
  begunAt: number;
  endedAt: number;
}

const AT_ONCE = 16;
const PIECE = 'hello hello hello';

/** A running load. */
export class Load {
  readonly received: Received[] = [];
  readonly #endpoint: string;
  readonly #keys: Record<string, string>;
  readonly #left: Planned[];
  readonly #done: Promise<void[]>;
  readonly #waiting: { count: number; go: () => void }[] = [];

  /** Begins to send. `keys` are the values of the virtual keys, by alias. */
  constructor(endpoint: string, keys: Record<string, string>, requests: readonly Planned[]) {
    this.#endpoint = endpoint;
    this.#keys = keys;
    this.#left = [...requests];
    this.#done = Promise.all(Array.from({ length: AT_ONCE }, () => this.#work()));
  }

  /** Waits until so many requests have ended. */
  reach(count: number): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ count, go });
      this.#notify();
    });
  }

  /** Waits until all have ended. */
  async end(): Promise<Received[]> {
    await this.#done;
    return this.received;
  }

  async #work(): Promise<void> {
    for (let next = this.#left.shift(); next !== undefined; next = this.#left.shift()) {
      this.received.push(await this.#send(next, next.ref));
      // The cache stores an answer right after the client has it.
      if (next.again) await new Promise((resolve) => setTimeout(resolve, 500));
      if (next.again) this.received.push(await this.#send(next, `${next.ref}-again`));
      this.#notify();
    }
  }

  #notify(): void {
    for (const { count, go } of this.#waiting) if (this.received.length >= count) go();
  }

  async #send(request: Planned, id: string): Promise<Received> {
    const { kind, key, path, body } = request;
    const begunAt = Date.now();
    const got = await this.#answer(request, id);
    const isChatStream = body.stream === true && path.endsWith('/completions');
    return {
      ...{ ref: request.ref.replaceAll('-', '_'), id, kind, key, alias: String(body.model) },
      route: path.replace('/v1/', '').replace('/', '_'),
      toldUsage: !isChatStream || body.stream_options !== undefined,
      ...got,
      ...{ begunAt, endedAt: Date.now() },
    };
  }

  async #answer({ key, path, body, hangUpAfter = Infinity }: Planned, id: string): Promise<Got> {
    const got: Got = { status: 0, cacheHit: false, pieces: 0, hungUp: false };
    const caller = new AbortController();
    try {
      const response = await fetch(this.#endpoint + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#keys[key]}`,
          'content-type': 'application/json',
          'x-request-id': id,
        },
        body: JSON.stringify(body),
        signal: caller.signal,
      });
      got.status = response.status;
      got.cacheHit = response.headers.get('x-switchyard-cache') === 'hit';
      for await (const pieces of piecesIn(response)) {
        got.pieces = pieces;
        got.hungUp = pieces >= hangUpAfter;
        if (got.hungUp) break;
      }
    } catch {
      // The connection ended early: the provider or the gateway broke it off.
    }
    caller.abort();
    return got;
  }
}

/** How many pieces of the text have arrived, after each packet of an answer. */
async function* piecesIn(response: Response): AsyncGenerator<number> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    text += decoder.decode(bytes, { stream: true });
    yield text.split(PIECE).length - 1;
  }
}
