/**
 * The output of every command: progress on standard error, the result on standard output, and with `--json` exactly one JSON
 * document there, for failures too. Commands wrap their action in {@link withOutput} and get an {@link Output}.
 */
import type { Command } from 'commander';
import pc from 'picocolors';
import { describeError, Interrupted, toUserError } from './errors.ts';
import { columns, wrapMessage } from './wrap.ts';

/** Prints a line of progress, given without newline. Setup functions take it as `onProgress`. */
export type Progress = (line: string) => void;

/** The two output streams; tests pass their own. */
export interface Streams {
  stdout: { write(text: string): unknown; columns?: number | undefined };
  stderr: { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined };
}

/** Milliseconds after which a running step shows its elapsed time. */
const QUIET_MS = 2000;
/** The frames of the spinner. */
export const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Prints a command's progress, result and failure. */
export class Output {
  readonly json: boolean;
  readonly terminal: boolean;
  readonly #streams: Streams;
  // One spinner per process, since there is one terminal: a line from anywhere clears it first.
  static #ticker: NodeJS.Timeout | undefined;
  static #drawn = false;

  constructor(options: { json?: boolean; streams?: Streams } = {}) {
    this.json = options.json ?? false;
    this.#streams = options.streams ?? process;
    this.terminal = this.#streams.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
  }

  /** Prints one line of progress on standard error, wrapped in a terminal. Bound, so that it can be passed as `onProgress`. */
  readonly progress: Progress = (line) => {
    this.#tell(line);
  };

  /** Prints a warning on standard error. */
  warn(line: string): void {
    this.#tell(`warning: ${line}`, pc.yellow);
  }

  /**
   * Runs `work` and prints its label. In a terminal a spinner with the elapsed time appears after two seconds; elsewhere a line is
   * printed when the work begins and, if it was slow, one when it ends. Bound, like `progress`.
   */
  readonly step = async <T>(label: string, work: () => Promise<T>): Promise<T> => {
    const begun = Date.now();
    const seconds = () => `${Math.round((Date.now() - begun) / 1000)} s`;
    this.progress(`${label} …`);
    if (this.terminal && !Output.#ticker) {
      let frame = 0;
      Output.#ticker = setInterval(() => {
        if (Date.now() - begun < QUIET_MS) return;
        this.#streams.stderr.write(`\r\x1b[2K${SPINNER[frame++ % SPINNER.length]} ${label} (${seconds()})`);
        Output.#drawn = true;
      }, 120);
      Output.#ticker.unref();
    }
    try {
      const value = await work();
      this.#stop();
      if (Date.now() - begun >= QUIET_MS) this.progress(`${label}: done in ${seconds()}`);
      return value;
    } catch (error) {
      this.#stop();
      throw error;
    }
  };

  /**
   * Prints the command's result: `document` with `--json`, otherwise `text`, wrapped in a terminal. Call it once, at the end.
   *
   * @param options `verbatim`: the text is for a program, as CSV or for `eval`, and must not be wrapped.
   */
  result(document: unknown, text: string, { verbatim = false } = {}): void {
    this.#clear();
    const shown = verbatim ? text : wrapMessage(text, columns(this.#streams.stdout));
    const body = this.json ? JSON.stringify(document, null, 2) : shown;
    if (body !== '') this.#streams.stdout.write(body.endsWith('\n') ? body : `${body}\n`);
  }

  /** Prints a failure: message and fields of a {@link UserError}, the stack trace of any other error. */
  failure(error: unknown): void {
    this.#stop();
    const known = toUserError(error);
    const text = known
      ? describeError(known)
      : `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    this.#tell(text, known instanceof Interrupted ? pc.yellow : pc.red);
    if (!this.json) return;
    const document = known
      ? known.toJSON()
      : { message: error instanceof Error ? error.message : String(error) };
    this.#streams.stdout.write(`${JSON.stringify({ error: document }, null, 2)}\n`);
  }

  /** Wraps a message to the width of standard error and writes it there, coloured in a terminal. */
  #tell(message: string, colour: (text: string) => string = (text) => text): void {
    this.#clear();
    const text = wrapMessage(message, columns(this.#streams.stderr));
    this.#streams.stderr.write(`${this.terminal ? colour(text) : text}\n`);
  }

  #clear(): void {
    if (Output.#drawn) this.#streams.stderr.write('\r\x1b[2K');
    Output.#drawn = false;
  }

  #stop(): void {
    clearInterval(Output.#ticker);
    Output.#ticker = undefined;
    this.#clear();
  }
}

/**
 * Turns a handler into a commander action: it gets an {@link Output} first, then the command's arguments and its options. A thrown
 * error is reported and makes the exit code 1, or that of an {@link Interrupted}.
 */
export function withOutput<A extends unknown[]>(
  handler: (out: Output, ...args: A) => Promise<void> | void,
): (this: Command, ...args: A) => Promise<void> {
  return async function (this: Command, ...args: A) {
    const out = new Output({ json: this.optsWithGlobals<{ json?: boolean }>().json === true });
    try {
      await handler(out, ...args);
    } catch (error) {
      out.failure(error);
      process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
    }
  };
}
