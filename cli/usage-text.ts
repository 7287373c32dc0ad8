/** What `./switchyard usage` prints on a terminal. */
import {
  type Dimension,
  groupUsage,
  sumUsage,
  type UsageGroup,
  type UsageSums,
} from '../domain/plan/usage-groups.ts';
import { dollars } from '../domain/render/usage-page.ts';
import type { BudgetState, UsageRow } from '../domain/schema/usage-schema.ts';
import { table } from '../console/table.ts';

/** The table of the budgets. */
export function budgetsText(stack: string, budgets: readonly BudgetState[]): string {
  if (budgets.length === 0) return `${stack} has no budgets: docs/configuration.md`;
  const rows = budgets.map(({ scope, name, window, ...state }) => [
    [scope, name].filter(Boolean).join(' '),
    window,
    ...[state.nanoUsd, state.spentNanoUsd, state.reservedNanoUsd].map(dollars),
    state.resetsAt.slice(0, 16).replace('T', ' '),
  ]);
  return table(['budget', 'per', '$', 'spent', 'reserved', 'begins anew (UTC)'], rows);
}

/**
 * The table of the groups, and their sum.
 *
 * @param since the beginning, in seconds since 1970.
 */
export function usageText(rows: readonly UsageRow[], by: readonly Dimension[], since: number): string {
  const begin = `since ${new Date(since * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (rows.length === 0) return `no requests ${begin}`;
  const total: UsageGroup = { by: {}, sums: sumUsage(rows) };
  const head = [...by, 'requests', 'failed', 'cached', 'calls', 'input', 'output', '$'];
  const lines = [...groupUsage(rows, by), total].map((group) => [
    ...cells(group, by, group === total),
    ...numbers(group.sums),
  ]);
  return [table(head, lines), begin, ...unnamed(rows, by), ...notes(total.sums)].join('\n');
}

/** What a `-` in a column means; in the others there is none. */
const NONE: Partial<Record<Dimension, string>> = {
  provider: 'refused before a provider was asked',
  model: 'refused before a provider was asked',
  alias: 'refused before the body was accepted',
  lane: 'the requests named none',
  agent: 'the requests named none',
};

function unnamed(rows: readonly UsageRow[], by: readonly Dimension[]): string[] {
  const empty = by.filter((one) => groupUsage(rows, [one]).some((group) => group.by[one] === ''));
  const meanings = [...new Set(empty.map((one) => NONE[one]))].filter((one) => one !== undefined);
  return meanings.map(
    (meaning) => `${empty.filter((one) => NONE[one] === meaning).join(', ')} "-": ${meaning}`,
  );
}

function cells(group: UsageGroup, by: readonly Dimension[], isTotal: boolean): string[] {
  return by.map((dimension, index) =>
    isTotal ? (index === 0 ? 'all' : '') : (group.by[dimension] ?? '') || '-',
  );
}

function numbers(sums: UsageSums): string[] {
  const counts = [sums.requests, sums.failed_requests, sums.cache_hits, sums.attempts];
  const tokens = [sums.gen_ai_usage_input_tokens, sums.gen_ai_usage_output_tokens];
  return [...counts, ...tokens].map(String).concat(dollars(sums.cost_nano_usd));
}

/** What the columns count, and what makes the sum inexact, in sentences. */
function notes(sums: UsageSums): string[] {
  const counted =
    sums.counted_attempts === 0
      ? []
      : [`${sums.counted_attempts} calls without usage of the provider: their tokens were counted here`];
  const unpriced =
    sums.unpriced_attempts === 0
      ? []
      : [`${sums.unpriced_attempts} calls without a known price: not in the sum`];
  const saved = sums.saved_nano_usd === 0 ? [] : [`saved by the cache: ${dollars(sums.saved_nano_usd)} $`];
  return [
    ...counted,
    ...unpriced,
    ...saved,
    'calls: of providers, with retries and fallbacks; the cache and the mock make none, and have no tokens here',
    'Estimated by list prices; the invoices of the providers decide.',
  ];
}
