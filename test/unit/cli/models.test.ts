import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { modelRows, modelsText } from '../../../cli/models.ts';
import { table } from '../../../console/table.ts';
import { widthOf } from '../../../console/wrap.ts';

const FILE = 'sandbox/release-files/catalog.yaml';

const NONE = { withKey: new Set<string>(), deployed: new Set<string>() };

/** The catalogue with one line changed. */
function catalog(from = '', to = ''): Catalog {
  const text = readFileSync(FILE, 'utf8').replace(from, to);
  const { catalog: read, problems } = parseCatalog(text, FILE);
  if (read === undefined) throw new Error(JSON.stringify(problems));
  return read;
}

test('a row has the data of the price map and the catalogue', () => {
  const rows = modelRows(catalog(), '2026-11-24', {
    withKey: new Set(['groq-mixtral', 'groq-llama3-70b']),
    deployed: new Set(['groq-mixtral']),
  });
  expect(rows.map((row) => row.alias)).toEqual(Object.keys(catalog().models));
  expect(rows.find((row) => row.alias === 'groq-mixtral')).toEqual({
    alias: 'groq-mixtral',
    provider: 'groq',
    upstream: 'openai/gpt-oss-20b',
    context: 131072,
    priceIn: 0.075,
    priceOut: 0.3,
    retires: null,
    daysLeft: null,
    chain: ['groq-llama3-70b', 'together-mixtral'],
    hasKey: true,
    served: true,
    state: 'served',
  });
  expect(rows.filter((row) => row.served)).toHaveLength(1);
});

test('a model whose key is set but not deployed is not served', () => {
  const of = { withKey: new Set(['groq-mixtral']), deployed: new Set<string>() };
  const row = modelRows(catalog(), '2026-11-24', of).find(({ alias }) => alias === 'groq-mixtral');
  expect(row).toMatchObject({ hasKey: true, served: false, state: 'not deployed' });
});

test.each([
  [{ withKey: new Set(['mock']), deployed: new Set(['mock']) }, 'served'],
  [{ withKey: new Set(['mock']), deployed: new Set<string>() }, 'not deployed'],
  [{ withKey: new Set<string>(), deployed: new Set(['mock']) }, 'served'],
  [NONE, undefined],
])('the mock model is listed where the stack has it: case %#', (of, state) => {
  const rows = modelRows(catalog(), '2026-11-24', of);
  const row = rows.find(({ alias }) => alias === 'mock');
  expect(row?.state).toBe(state);
  if (state !== undefined)
    expect(row).toMatchObject({ provider: 'mock', upstream: 'mock', priceIn: 0, chain: [] });
});

test('the catalogue overrides the price map, and unknown values are null', () => {
  const rows = modelRows(catalog(), '2026-11-24', NONE);
  const row = (alias: string) => rows.find((one) => one.alias === alias);
  expect(row('openrouter-claude-3-opus')).toMatchObject({ context: 1_000_000, priceIn: 5, priceOut: 25 });
  expect(row('openrouter-auto')).toMatchObject({ context: 128_000, priceIn: null, priceOut: null });
});

test.each([
  ['2026-07-01', 23],
  ['2026-07-24', 0],
  ['2026-11-24', -123],
])('on %s a model that retires on 2026-07-24 has %i days left', (today, daysLeft) => {
  const changed = catalog('model: deepseek-v4-flash', 'model: deepseek-chat');
  const row = modelRows(changed, today, NONE).find((one) => one.alias === 'deepseek-coder');
  expect(row).toMatchObject({ retires: '2026-07-24', daysLeft });
});

test('the table has plain columns that other programs can read', () => {
  expect(
    table(
      ['alias', 'price'],
      [
        ['gpt-4', '4'],
        ['claude-3-opus', '20'],
      ],
      false,
    ),
  ).toBe(['alias          price', 'gpt-4          4', 'claude-3-opus  20'].join('\n'));
});

describe('the list of the shipped catalogue', () => {
  const rows = modelRows(catalog(), '2026-11-24', NONE);
  const lines = (width: number) => modelsText('dev', rows, width).split('\n');

  test.each([
    [100, /^alias +upstream +dev +falls back to$/],
    [80, /^alias +upstream +dev$/],
    [60, /^alias +dev +falls back to$/],
  ])('is a table at %i columns, with the most important columns', (width, head) => {
    const text = lines(width);
    expect(text[0]).toMatch(head);
    expect(text.filter((line) => widthOf(line) > width)).toEqual([]);
    for (const { alias } of rows) expect(text.filter((line) => line.startsWith(`${alias} `))).toHaveLength(1);
    expect(text.join(' ')).toContain('./switchyard models dev ALIAS');
  });

  test('has all columns where they fit, and in a pipe', () => {
    for (const width of [240, Infinity]) expect(lines(width)[0]).toMatch(/provider.*retires.*falls back to/);
    expect(lines(Infinity)).toHaveLength(rows.length + 1);
  });

  test('at 24 columns is blocks', () => {
    expect(lines(24)).toContain(rows[0]!.alias);
  });
});
