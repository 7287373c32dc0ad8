/** Sums the rows of a ledger by what a user asks for. Pure. */
import type { UsageRow } from '../schema/usage-schema.ts';

/** What usage can be grouped by, and the row's field for it. */
export const DIMENSIONS = {
  day: 'day',
  model: 'gen_ai_request_model',
  alias: 'model_alias',
  provider: 'gen_ai_provider_name',
  key: 'key_alias',
  lane: 'lane',
  agent: 'gen_ai_agent_name',
} as const satisfies Record<string, keyof UsageRow>;

/** One of them. */
export type Dimension = keyof typeof DIMENSIONS;

type SumName = {
  [Name in keyof UsageRow]: UsageRow[Name] extends number ? (Name extends 'day' ? never : Name) : never;
}[keyof UsageRow];

/** Sums of rows. */
export type UsageSums = Record<SumName, number>;

/** The rows that agree in some dimensions. */
export interface UsageGroup {
  /** The value of each dimension; a day as YYYY-MM-DD. */
  by: Partial<Record<Dimension, string>>;
  sums: UsageSums;
}

/** The groups of rows, the most expensive first; by day, the oldest first. */
export function groupUsage(rows: readonly UsageRow[], by: readonly Dimension[]): UsageGroup[] {
  const groups = new Map<string, UsageGroup>();
  for (const row of rows) {
    const values = by.map((dimension) => valueOf(row, dimension));
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? {
      by: Object.fromEntries(by.map((dimension, index) => [dimension, values[index]])),
      sums: sumUsage([]),
    };
    groups.set(key, { ...group, sums: added(group.sums, row) });
  }
  return [...groups.values()].sort(
    (a, b) =>
      (a.by.day ?? '').localeCompare(b.by.day ?? '') ||
      b.sums.cost_nano_usd - a.sums.cost_nano_usd ||
      b.sums.requests - a.sums.requests,
  );
}

/** The sum of all rows. */
export function sumUsage(rows: readonly UsageRow[]): UsageSums {
  return rows.reduce(added, Object.fromEntries(SUMS.map((name) => [name, 0])) as UsageSums);
}

/** The day of a time in seconds since 1970, in UTC: YYYY-MM-DD. */
export function dayOfSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function valueOf(row: UsageRow, dimension: Dimension): string {
  return dimension === 'day' ? dayOfSeconds(row.day) : row[DIMENSIONS[dimension]];
}

function added(sums: UsageSums, row: UsageRow): UsageSums {
  return Object.fromEntries(SUMS.map((name) => [name, sums[name] + row[name]])) as UsageSums;
}

const SUMS: readonly SumName[] = [
  'requests',
  'failed_requests',
  'cache_hits',
  'attempts',
  'failed_attempts',
  'cancelled_attempts',
  'counted_attempts',
  'unpriced_attempts',
  'gen_ai_usage_input_tokens',
  'gen_ai_usage_cache_read_input_tokens',
  'gen_ai_usage_cache_creation_input_tokens',
  'gen_ai_usage_output_tokens',
  'gen_ai_usage_reasoning_output_tokens',
  'cost_nano_usd',
  'saved_nano_usd',
];
