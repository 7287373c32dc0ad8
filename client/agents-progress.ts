/** Progress display of several agents. In a terminal each has one line, which is redrawn; elsewhere each event is logged as a line. */
import pc from 'picocolors';
import { type Output, SPINNER } from '../console/output.ts';

interface Line {
  state: 'waiting' | 'running' | 'ok' | 'failed';
  detail: string;
  begun: number;
  ms: number;
}

/** The terminal to draw in. */
export interface Terminal {
  write(text: string): unknown;
  columns?: number;
}

/** The progress display of a run. */
export class AgentsProgress {
  readonly #out: Output;
  readonly #terminal: Terminal;
  readonly #lines: Map<string, Line>;
  readonly #width: number;
  #ticker: NodeJS.Timeout | undefined;
  #drawn = 0;
  #frame = 0;

  /**
   * @param terminal where to draw, if `out` is a terminal.
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

  /** Shows that an agent has started. */
  begin(name: string, detail: string): void {
    this.#set(name, { state: 'running', detail, begun: Date.now() });
    this.#log(`${name}: started, ${detail}`);
  }

  /** Shows an event of a running agent. */
  note(name: string, detail: string): void {
    this.#set(name, { detail });
    this.#log(`${name}: ${detail}`);
  }

  /** Shows that an agent has ended. */
  end(name: string, ok: boolean, detail: string): void {
    const begun = this.#lines.get(name)?.begun ?? Date.now();
    const ms = Date.now() - begun;
    this.#set(name, { state: ok ? 'ok' : 'failed', detail, ms });
    this.#log(`${name}: ${ok ? 'done' : 'failed'} after ${seconds(ms)}, ${detail}`);
  }

  /** Draws the final state and stops redrawing. */
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

  #log(line: string): void {
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
    // A line that wraps would shift all following redraws.
    const oneLine = detail.replaceAll(/\s+/g, ' ').slice(0, rest);
    return `${mark} ${name.padEnd(this.#width)} ${time.padStart(7)}  ${oneLine}`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
