/** One server of the real opencode for many questions: its start costs seconds of CPU, each question to it a tenth of that. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { type Answer, answerOf, type Message, type Question } from './opencode-answer.ts';
import { failedRequest, killGroup, notStarted, readLines, STOP_MS } from './opencode-process.ts';

/** How long the end of the process is awaited after a failed request, in milliseconds. */
const EXIT_MS = 500;

/** How to start a server. */
export interface ServerRequest {
  /** The binary. */
  bin: string;
  /** Its whole environment. */
  env: NodeJS.ProcessEnv;
  /** The working directory. */
  cwd: string;
  /** Ends it early. */
  signal?: AbortSignal | undefined;
}

/** A running `opencode serve` on a free port of the loopback address, with a password that only this process knows. */
export class OpencodeServer {
  readonly #password = randomBytes(24).toString('hex');
  readonly #url = Promise.withResolvers<string>();
  /** By session: what to call with the message of a failed request. */
  readonly #onFailure = new Map<string, (message: string) => void>();
  readonly #exited: Promise<void>;
  /** Why it ended; undefined while it runs. */
  #ended: string | undefined;
  #pid: number | undefined;

  /** Starts it. Never throws: if it cannot start, that is the answer to each question. */
  constructor(request: ServerRequest) {
    const { bin, env, cwd, signal } = request;
    const log = ['--print-logs', '--log-level', 'ERROR'];
    const child = execa(bin, ['serve', '--hostname', '127.0.0.1', '--port', '0', ...log], {
      cwd,
      env: { ...env, OPENCODE_SERVER_PASSWORD: this.#password },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      buffer: false,
      // Its own process group, so that processes which its tools start can be ended with it.
      detached: true,
    });
    this.#pid = child.pid;
    // Nobody may have asked when it fails.
    this.#url.promise.catch(() => {});
    const stop = (): void => void this.#stop('stopped');
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    void readLines(child.stdout, (line) => {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) this.#url.resolve(url);
    });
    void readLines(child.stderr, (line) => this.#onLog(line));
    this.#exited = child.then(({ code, exitCode }) => {
      signal?.removeEventListener('abort', stop);
      this.#ended ??= notStarted(request, code) ?? `opencode serve exited with code ${exitCode ?? 'unknown'}`;
      this.#url.reject(new Error(this.#ended));
    });
  }

  /** Asks one question in a session of its own. Never throws for an error of opencode or of a provider. */
  async ask({ model, prompt, title, timeoutMs, maxFailures }: Question): Promise<Answer> {
    const given = new AbortController();
    let begun = Date.now();
    let session: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.#url.promise;
      begun = Date.now();
      let last = '';
      timer = setTimeout(() => {
        const more = last === '' ? '' : `; last error: ${last}`;
        given.abort(new Error(`timed out after ${Math.round(timeoutMs / 1000)} s${more}`));
      }, timeoutMs);
      const { id } = (await this.#post('/session', { title }, given.signal)) as { id: string };
      session = id;
      let failures = 0;
      this.#onFailure.set(id, (message) => {
        last = message;
        failures += 1;
        if (failures >= maxFailures)
          given.abort(new Error(`the provider failed ${failures} times in a row: ${message}`));
      });
      const slash = model.indexOf('/');
      const body = {
        model: { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) },
        parts: [{ type: 'text', text: prompt }],
      };
      const message = (await this.#post(`/session/${id}/message`, body, given.signal)) as Message;
      return { ...answerOf(message), ms: Date.now() - begun };
    } catch (error) {
      // A closed connection is seen before the end of the process that caused it.
      if (!given.signal.aborted)
        await Promise.race([this.#exited, sleep(EXIT_MS, undefined, { ref: false })]);
      const reason = this.#ended ?? (error as Error).message;
      return { ok: false, reason, text: '', ms: Date.now() - begun };
    } finally {
      clearTimeout(timer);
      if (session !== undefined) {
        this.#onFailure.delete(session);
        // Otherwise opencode would go on retrying.
        if (given.signal.aborted) await this.#post(`/session/${session}/abort`, {}).catch(() => {});
      }
    }
  }

  /** Ends it and everything that it started. */
  async stop(): Promise<void> {
    await this.#stop('stopped');
  }

  async #stop(reason: string): Promise<void> {
    this.#ended ??= reason;
    killGroup(this.#pid, 'SIGTERM');
    const kill = setTimeout(() => killGroup(this.#pid, 'SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(kill);
    killGroup(this.#pid, 'SIGKILL');
  }

  #onLog(line: string): void {
    const message = failedRequest(line);
    if (message === undefined) return;
    const session = /\bsession\.id=(\S+)/.exec(line)?.[1] ?? '';
    this.#onFailure.get(session)?.(message);
  }

  async #post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    const response = await fetch((await this.#url.promise) + path, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`opencode:${this.#password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`opencode serve answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}
