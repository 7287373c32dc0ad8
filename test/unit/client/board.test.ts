import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { Board } from '../../../client/board.ts';
import { Output } from '../../../console/output.ts';

const { CI, TERM } = process.env;
let written: string[];

beforeEach(() => {
  // Either of them makes an output plain.
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

function board(names: string[], { isTTY, columns }: { isTTY: boolean; columns?: number }): Board {
  const stream = {
    write: (text: string) => written.push(text),
    isTTY,
    ...(columns === undefined ? {} : { columns }),
  };
  return new Board(new Output({ streams: { stdout: stream, stderr: stream } }), names, stream);
}
/** What a terminal shows after all that was written, by the two movements that the board uses. */
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
  test('each agent has one line, drawn anew in its place', () => {
    const live = board(['fast-code', 'critical'], { isTTY: true });
    live.begin('fast-code', 'groq-direct/m');
    jest.advanceTimersByTime(3000);
    expect(screen()).toEqual([
      expect.stringMatching(/^[⠋-⠿] fast-code +3 s {2}groq-direct\/m$/),
      '  critical',
    ]);
    const first = screen()[0];
    jest.advanceTimersByTime(120);
    expect(screen()[0]).not.toBe(first);

    live.note('fast-code', 'a request failed, trying again: no');
    live.begin('critical', 'litellm/m');
    jest.advanceTimersByTime(1880);
    expect(screen()[0]).toMatch(/5 s {2}a request failed, trying again: no$/);
    live.end('fast-code', true, '7 tokens in, 5 out');
    live.end('critical', false, 'stopped');
    live.close();
    expect(screen()).toEqual(['✓ fast-code     5 s  7 tokens in, 5 out', '✗ critical      2 s  stopped']);
  });

  test('closed, it draws no more and leaves the last picture', () => {
    const live = board(['a'], { isTTY: true });
    live.begin('a', 'x');
    live.close();
    const count = written.length;
    live.close();
    jest.advanceTimersByTime(10_000);
    expect(written).toHaveLength(count);
    expect(screen()).toHaveLength(1);
  });

  test('a detail of several lines, or wider than the terminal, stays one line', () => {
    const live = board(['a', 'b'], { isTTY: true, columns: 40 });
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

test('elsewhere there is a line for each event, and nothing is drawn', () => {
  const plain = board(['a'], { isTTY: false });
  plain.begin('a', 'litellm/m');
  jest.advanceTimersByTime(2000);
  plain.end('a', true, 'done so');
  plain.close();
  expect(written).toEqual(['a: started, litellm/m\n', 'a: done after 2 s, done so\n']);
});
