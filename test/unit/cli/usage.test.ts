import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { parseBy, parseSince, register } from '../../../cli/usage.ts';
import { budgetsText, usageText } from '../../../cli/usage-text.ts';
import { groupUsage, sumUsage } from '../../../domain/plan/usage-groups.ts';
import { dollars, focusCsv, usagePage } from '../../../domain/render/usage-page.ts';
import { limitsReport } from '../../../domain/schema/usage-schema.ts';
import { DAY, usageRow, usageRows } from '../domain/usage-rows.ts';

const ROWS = usageRows();

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test.each([
  [0, '0'],
  [1, '0.000000001'],
  [1_280_000, '0.00128'],
  [2_000_000_000, '2'],
  [10_000_000_000, '10'],
  [9_007_199_254_740_991, '9007199.254740991'],
])('%d nano-dollars are %s dollars', (nano, text) => {
  expect(dollars(nano)).toBe(text);
});

test('groups are summed, and the most expensive one is first', () => {
  expect(
    groupUsage(ROWS, ['key']).map(({ by, sums }) => [by.key, sums.requests, sums.cost_nano_usd]),
  ).toEqual([
    ['ann', 2, 9_000_000_000],
    ['master', 4, 1_280_003],
  ]);
  expect(groupUsage(ROWS, ['day', 'provider']).map(({ by }) => [by.day, by.provider])).toEqual([
    ['2026-11-26', 'groq'],
    ['2026-11-27', 'openai'],
  ]);
  expect(
    sumUsage(groupUsage(ROWS, ['day', 'model', 'lane']).map(({ sums }) => ({ ...usageRow(), ...sums }))),
  ).toEqual(sumUsage(ROWS));
});

test('the page has the fields of the usage API, and null where it is not grouped', () => {
  const page = usagePage(ROWS, ['model']);
  expect(page.data.map(({ start_time, end_time }) => [start_time, end_time - start_time])).toEqual([
    [DAY - 86_400, 86_400],
    [DAY, 86_400],
  ]);
  expect(page.data[1]!.results).toEqual([
    expect.objectContaining({
      object: 'organization.usage.completions.result',
      model: 'gpt-5.6',
      api_key_id: null,
      input_tokens: 1400,
      input_cached_tokens: 128,
      output_tokens: 100,
      num_model_requests: 4,
      amount: { value: 9.00128, currency: 'usd' },
    }),
  ]);
});

test('FOCUS has a charge for each day, model and key, and no formula', () => {
  const lines = focusCsv('dev', [
    ...ROWS,
    usageRow({ key_alias: '=1+1', attempts: 1 }),
    usageRow({ attempts: 0 }),
  ]).split('\r\n');
  expect(lines).toHaveLength(5);
  const head = lines[0]!.split(',');
  const cells = lines.find((line) => line.includes('ann'))!.split(',');
  expect(cells.slice(0, 8)).toEqual(['9', 'dev', 'dev', 'USD', '2026-12-01T00:00:00Z', '2026-11-01T00:00:00Z', 'Usage', '']); // prettier-ignore
  expect(cells[head.indexOf('ChargePeriodStart')]).toBe('2026-11-27T00:00:00Z');
  expect(lines.some((line) => line.includes(",'=1+1,"))).toBe(true);
  expect(head).toContain('x_Estimate');
});

test('the table has a sum, and says what makes it inexact', () => {
  const text = usageText(ROWS, ['provider', 'model'], DAY);
  expect(text).toMatch(/^all +6 +0 +3 +9 +2100 +150 +9\.001280003$/m);
  expect(text).toContain('calls: of providers, with retries and fallbacks; the cache and the mock make none');
  expect(text).toContain('2 calls without a known price: not in the sum');
  expect(text).toContain('1 calls without usage of the provider');
  expect(text).toContain('\nsince 2026-11-27 00:00 UTC\n');
  expect(usageText([], ['day'], DAY)).toBe('no requests since 2026-11-27 00:00 UTC');
});

test('what to group by and the beginning are checked', () => {
  expect(parseBy('key, model,key')).toEqual(['key', 'model']);
  expect(() => parseBy('user')).toThrow('cannot group usage by this');
  const now = Date.UTC(2026, 10, 27, 10, 20);
  expect(parseSince('24h', now)).toBe(Date.UTC(2026, 10, 26, 10) / 1000);
  expect(parseSince('2026-11-01', now)).toBe(Date.UTC(2026, 10, 1) / 1000);
  expect(parseSince('400d', now)).toBe(Date.UTC(2025, 9, 23, 10) / 1000);
});

test.each(['last week', '0d', '1w', '2026-13-01', '2026-02-30'])(
  'an error of --since names it, and both of its forms: %s',
  (text) => {
    expect(thrown(() => parseSince(text))).toMatchObject({
      where: '--since',
      found: text,
      allowed: expect.stringMatching(/a day in UTC.* or a duration before now/),
    });
  },
);

test('a "-" is explained, by what it can be', () => {
  const rows = [usageRow({ lane: '', gen_ai_provider_name: '' }), usageRow({ lane: 'fast' })];
  expect(usageText(rows, ['provider', 'lane'], DAY)).toMatch(
    /^provider "-": refused before a provider was asked\nlane "-": the requests named none$/m,
  );
  expect(usageText([usageRow({ lane: 'fast' })], ['lane'], DAY)).not.toContain('"-"');
});

test.each([
  [['--csv', '--by', 'key'], "option '--csv' cannot be used with option '--by <dimensions>'"],
  [['--budgets', '--csv'], "option '--budgets' cannot be used with option '--csv'"],
  [['--budgets', '--since', '7d'], "option '--budgets' cannot be used with option '--since <time>'"],
])('an option that would be ignored is refused: %j', (options, message) => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  register(program);
  program.commands[0]!.exitOverride().configureOutput({ writeErr: () => undefined });
  expect(() => program.parse(['usage', 'dev', ...options], { from: 'user' })).toThrow(message);
});

describe('budgets', () => {
  const printed = {
    budgets: [
      {
        ...{ scope: 'key', name: 'alice', window: 'month', nanoUsd: 20_000_000_000 },
        ...{ spentNanoUsd: 1_500_000_000, reservedNanoUsd: 1, resetsAt: '2026-12-01T00:00:00+01:00' },
      },
      {
        ...{ scope: 'stack', name: '', window: 'day', nanoUsd: 5_000_000_000 },
        ...{ spentNanoUsd: 0, reservedNanoUsd: 0, resetsAt: DAY + 86_400 },
      },
    ],
  };

  test('are a table with the time at which each begins anew', () => {
    const lines = budgetsText('dev', limitsReport.parse(printed).budgets).split('\n');
    expect(lines.map((line) => line.trim().split(/  +/))).toEqual([
      ['budget', 'per', '$', 'spent', 'reserved', 'begins anew (UTC)'],
      ['key alice', 'month', '20', '1.5', '0.000000001', '2026-11-30 23:00'],
      ['stack', 'day', '5', '0', '0', '2026-11-28 00:00'],
    ]);
  });

  test('may be none', () => {
    expect(budgetsText('dev', [])).toBe('dev has no budgets: docs/configuration.md');
  });
});
