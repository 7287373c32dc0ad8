/** Shows what several agents are doing: a line each, drawn anew, in a terminal; one line for each event elsewhere. */
import pc from 'picocolors';
import { type Output, SPINNER } from '../console/output.ts';

interface Line {
  state: 'waiting' | 'running' | 'ok' | 'failed';
  detail: string;
  begun: number;
  ms: number;
}

/** Where the lines are drawn. */
export interface Terminal {
  write(text: string): unknown;
  columns?: number;
}

/** The board of a run. */
export class Board {
  readonly #out: Output;
  readonly #terminal: Terminal;
  readonly #lines: Map<string, Line>;
  readonly #width: number;
  #ticker: NodeJS.Timeout | undefined;
  #drawn = 0;
  #frame = 0;

  /**
   * @param terminal where it is drawn, if `out` talks to a terminal.
   */
  constructor(out: Output, names: readonly string[], terminal: Terminal = process.stderr) {
    this.#out = out;
    this.#terminal = terminal;
    this.#lines = new Map(names.map((name) => [name, { state: 'waiting', detail: '', begun: 0, ms: 0 }]));
    this.#width = Math.max(...names.map((name) => name.length), 0);
    if (!out.terminal) return;
    this.#ticker = setInterval(() => this.#draw(), 120);
    this.#ticker.unref();
  }

  /** An agent begins. */
  begin(name: string, detail: string): void {
    this.#set(name, { state: 'running', detail, begun: Date.now() });
    this.#say(`${name}: started, ${detail}`);
  }

  /** Something that a watcher wants to know of a running agent. */
  note(name: string, detail: string): void {
    this.#set(name, { detail });
    this.#say(`${name}: ${detail}`);
  }

  /** An agent has ended. */
  end(name: string, ok: boolean, detail: string): void {
    const begun = this.#lines.get(name)?.begun ?? Date.now();
    const ms = Date.now() - begun;
    this.#set(name, { state: ok ? 'ok' : 'failed', detail, ms });
    this.#say(`${name}: ${ok ? 'done' : 'failed'} after ${seconds(ms)}, ${detail}`);
  }

  /** Leaves the last picture as it is. */
  close(): void {
    if (!this.#ticker) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#draw();
  }

  #set(name: string, change: Partial<Line>): void {
    const line = this.#lines.get(name);
    if (line) Object.assign(line, change);
  }

  #say(line: string): void {
    if (!this.#out.terminal) this.#out.progress(line);
  }

  #draw(): void {
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    const columns = this.#terminal.columns || 100;
    const text = [...this.#lines]
      .map(([name, line]) => `\x1b[2K${this.#line(name, line, columns)}\n`)
      .join('');
    this.#terminal.write(up + text);
    this.#drawn = this.#lines.size;
    this.#frame += 1;
  }

  #line(name: string, { state, detail, begun, ms }: Line, columns: number): string {
    const mark = {
      waiting: ' ',
      running: SPINNER[this.#frame % SPINNER.length] ?? ' ',
      ok: pc.green('✓'),
      failed: pc.red('✗'),
    }[state];
    const time = state === 'waiting' ? '' : seconds(state === 'running' ? Date.now() - begun : ms);
    const rest = Math.max(columns - this.#width - 14, 10);
    // A line that were two would shift all that is drawn over it next time.
    const oneLine = detail.replaceAll(/\s+/g, ' ').slice(0, rest);
    return `${mark} ${name.padEnd(this.#width)} ${time.padStart(7)}  ${oneLine}`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
