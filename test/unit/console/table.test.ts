import { expect, test } from '@jest/globals';
import { table } from '../../../console/table.ts';
import { nameList, widthOf, wrap } from '../../../console/wrap.ts';

const HEAD = ['alias', 'upstream', 'price', 'falls back to'];
const ROWS = [
  ['gpt-4', 'gpt-5.6', '4', 'claude-3-5-sonnet, groq-llama3-70b, together-mixtral, mistral-large'],
  ['llama', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', '-', ''],
];
const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));

test('a table that fits is printed in columns', () => {
  expect(table(['alias', 'price'], [['gpt-4', '4']], false, 60)).toBe('alias  price\ngpt-4  4');
});

test('cells are wrapped between words if that is enough', () => {
  const text = table(HEAD, ROWS, false, 84);
  expect(widest(text)).toBeLessThanOrEqual(84);
  expect(text).toContain('meta-llama/Llama-3.3-70B-Instruct-Turbo');
  for (const name of ['claude-3-5-sonnet,', 'groq-llama3-70b,', 'together-mixtral,', 'mistral-large'])
    expect(text.split(/\s+/)).toContain(name);
});

test('at 60 columns each row is a list, no word is cut, and empty cells are left out', () => {
  const text = table(HEAD, ROWS, false, 60);
  expect(text.split('\n')).toEqual([
    'gpt-4',
    '  upstream       gpt-5.6',
    '  price          4',
    '  falls back to  claude-3-5-sonnet, groq-llama3-70b,',
    '                 together-mixtral, mistral-large',
    'llama',
    '  upstream  meta-llama/Llama-3.3-70B-Instruct-Turbo',
  ]);
});

test.each([30, 40, 60, 80, 100, 160])(
  'no line is longer than %i columns, except for longer words',
  (width) => {
    const longest = Math.max(...ROWS.flat().flatMap((cell) => cell.split(' ').map(widthOf)));
    expect(widest(table(HEAD, ROWS, false, width))).toBeLessThanOrEqual(Math.max(width, longest + 6));
  },
);

test('colour codes do not count', () => {
  expect(widthOf('\x1b[31mred\x1b[39m')).toBe(3);
  expect(wrap('\x1b[31mred\x1b[39m and blue', 12)).toEqual(['\x1b[31mred\x1b[39m and blue']);
});

test('names and texts are aligned, and longer texts are wrapped in their column', () => {
  const rows: [string, string][] = [
    ['models', 'one, two, three'],
    ['edge', 'up'],
  ];
  expect(nameList(rows, 20)).toBe('  models  one, two,\n          three\n  edge    up');
});
