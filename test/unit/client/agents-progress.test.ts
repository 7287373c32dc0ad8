import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { AgentsProgress } from '../../../client/agents-progress.ts';
import { Output } from '../../../console/output.ts';

const { CI, TERM } = process.env;
let written: string[];

beforeEach(() => {
  // With CI set or TERM=dumb, the output is not interactive.
  delete process.env.CI;
  process.env.TERM = 'xterm';
  jest.useFakeTimers({ now: 0 });
  written = [];
});
afterEach(() => {
  jest.useRealTimers();
  if (CI !== undefined) process.env.CI = CI;
  if (TERM !== undefined) process.env.TERM = TERM;
});

function progress(names: string[], { isTTY, columns }: { isTTY: boolean; columns?: number }): AgentsProgress {
  const stream = {
    write: (text: string) => written.push(text),
    isTTY,
    ...(columns === undefined ? {} : { columns }),
  };
  return new AgentsProgress(new Output({ streams: { stdout: stream, stderr: stream } }), names, stream);
}
/** What a terminal shows after everything was written; handles the two escape sequences that the display uses. */
function screen(): string[] {
  const lines: string[] = [];
  let row = 0;
  for (const text of written) {
    const [, up = '0', rest = ''] = /^(?:\x1b\[(\d+)A)?([\s\S]*)$/.exec(text) ?? [];
    row -= Number(up);
    for (const line of rest.split('\n').slice(0, -1)) lines[row++] = stripVTControlCharacters(line).trimEnd();
  }
  return lines;
}

describe('in a terminal', () => {
  test('each agent has one line, which is redrawn in place', () => {
    const live = progress(['fast-code', 'critical'], { isTTY: true });
    live.begin('fast-code', 'groq-direct/m');
    jest.advanceTimersByTime(3000);
    expect(screen()).toEqual([
      expect.stringMatching(/^[⠋-⠿] fast-code +3 s {2}groq-direct\/m$/),
      '  critical',
    ]);
    const first = screen()[0];
    jest.advanceTimersByTime(120);
    expect(screen()[0]).not.toBe(first);

    live.note('fast-code', 'a request failed, retrying: no');
    live.begin('critical', 'litellm/m');
    jest.advanceTimersByTime(1880);
    expect(screen()[0]).toMatch(/5 s {2}a request failed, retrying: no$/);
    live.end('fast-code', true, '7 tokens in, 5 out');
    live.end('critical', false, 'stopped');
    live.close();
    expect(screen()).toEqual(['✓ fast-code     5 s  7 tokens in, 5 out', '✗ critical      2 s  stopped']);
  });

  test('after close nothing is drawn, and the final state stays', () => {
    const live = progress(['a'], { isTTY: true });
    live.begin('a', 'x');
    live.close();
    const count = written.length;
    live.close();
    jest.advanceTimersByTime(10_000);
    expect(written).toHaveLength(count);
    expect(screen()).toHaveLength(1);
  });

  test('a detail with line breaks, or wider than the terminal, is shown on one line', () => {
    const live = progress(['a', 'b'], { isTTY: true, columns: 40 });
    live.begin('a', 'x');
    live.end('a', false, `one\ntwo ${'x'.repeat(100)}`);
    jest.advanceTimersByTime(500);
    live.close();
    const lines = screen();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^✗ a {5}0 s {2}one two x+$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });
});

test('without a terminal each event is logged as a line', () => {
  const plain = progress(['a'], { isTTY: false });
  plain.begin('a', 'litellm/m');
  jest.advanceTimersByTime(2000);
  plain.end('a', true, 'done so');
  plain.close();
  expect(written).toEqual(['a: started, litellm/m\n', 'a: done after 2 s, done so\n']);
});
