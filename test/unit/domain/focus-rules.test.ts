/**
 * The rules of FOCUS 1.2 for the columns that `usage --csv` has: the FinOps Foundation's requirements model of 1.2, whose validator is in no
 * registry. test/e2e/focus-validator.test.ts runs the one for 1.0.
 */
import { describe, expect, test } from '@jest/globals';
import { FOCUS_VERSION, focusCsv } from '../../../domain/render/usage-page.ts';
import { usageRow, usageRows } from './usage-rows.ts';

const ROWS = [
  ...usageRows(),
  // A call that reached nobody, of a model that the catalogue does not name.
  usageRow({ key_alias: '', lane: '', gen_ai_agent_name: '', gen_ai_provider_name: '', gen_ai_request_model: '', cost_nano_usd: 0 }),
]; // prettier-ignore

/** The columns that every dataset must have, and whether they may be null. */
const MANDATORY: Readonly<Record<string, 'nullable' | 'value'>> = {
  BilledCost: 'value',
  BillingAccountId: 'value',
  BillingAccountName: 'nullable',
  BillingCurrency: 'value',
  BillingPeriodEnd: 'value',
  BillingPeriodStart: 'value',
  ChargeCategory: 'value',
  ChargeClass: 'nullable',
  ChargeDescription: 'nullable',
  ChargePeriodEnd: 'value',
  ChargePeriodStart: 'value',
  ContractedCost: 'value',
  EffectiveCost: 'value',
  InvoiceIssuerName: 'value',
  ListCost: 'value',
  // These three may be null only for taxes and corrections.
  PricingCategory: 'value',
  PricingQuantity: 'value',
  PricingUnit: 'value',
  ProviderName: 'value',
  PublisherName: 'value',
  ServiceCategory: 'value',
  ServiceName: 'value',
};
/** Those of the others that the CSV has. */
const OPTIONAL = [
  'ChargeFrequency',
  'ConsumedQuantity',
  'ConsumedUnit',
  'ServiceSubcategory',
  'SubAccountId',
  'SubAccountName',
  'Tags',
];
/** The allowed values of a column; only those for usage. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  BillingCurrency: ['USD'],
  ChargeCategory: ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'],
  ChargeClass: ['', 'Correction'],
  ChargeFrequency: ['One-Time', 'Recurring', 'Usage-Based'],
  PricingCategory: ['Standard', 'Dynamic', 'Committed', 'Other'],
  ServiceCategory: ['AI and Machine Learning'],
  ServiceSubcategory: [
    'AI Platforms',
    'Bots',
    'Generative AI',
    'Machine Learning',
    'Natural Language Processing',
    'Other (AI and Machine Learning)',
  ],
};
const NUMBERS = /^(BilledCost|ContractedCost|EffectiveCost|ListCost|PricingQuantity|ConsumedQuantity)$/;
const TIMES = /^(Billing|Charge)Period(Start|End)$/;

const charges = parsed(focusCsv('dev', ROWS));

test('the version is that of these rules, and every row is a charge', () => {
  expect(FOCUS_VERSION).toBe('1.2');
  expect(charges).toHaveLength(ROWS.length);
});

test('every mandatory column is there, and further ones have names of FOCUS or begin with x_', () => {
  const columns = Object.keys(charges[0]!);
  expect(columns.filter((name) => !name.startsWith('x_')).sort()).toEqual(
    [...Object.keys(MANDATORY), ...OPTIONAL].sort(),
  );
  expect(new Set(columns).size).toBe(columns.length);
});

describe.each(charges.map((charge, index) => [index + 1, charge] as const))('charge %i', (_, charge) => {
  test.each(Object.entries(charge))('%s: %s has the format of the column', (name, value) => {
    if (MANDATORY[name] === 'value') expect(value).not.toBe('');
    if (VALUES[name]) expect(VALUES[name]).toContain(value);
    if (NUMBERS.test(name)) expect(value).toMatch(/^-?\d+(\.\d+)?$/);
    if (TIMES.test(name)) expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(value).toBe(value.trim());
  });

  test('the parts agree', () => {
    const time = (name: string): number => Date.parse(charge[name]!);
    // A period has its start, and not its end; the charge is in the billing period.
    const order = ['BillingPeriodStart', 'ChargePeriodStart', 'ChargePeriodEnd', 'BillingPeriodEnd'].map(
      time,
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[1]).toBeLessThan(order[2]!);
    expect(charge.SubAccountName === '').toBe(charge.SubAccountId === '');
    expect(charge.ConsumedUnit === '').toBe(charge.ConsumedQuantity === '');
    const tags = JSON.parse(charge.Tags!) as Record<string, unknown>;
    for (const tag of Object.values(tags)) expect(['string', 'number', 'boolean']).toContain(typeof tag);
  });
});

/** The rows of a CSV file (RFC 4180) by the names of its columns. */
function parsed(csv: string): Record<string, string>[] {
  const [head, ...rows] = csv
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) =>
        cell!.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'),
      ),
    );
  return rows.map((cells) =>
    Object.fromEntries(head!.slice(0, -1).map((name, index) => [name, cells[index]!])),
  );
}
