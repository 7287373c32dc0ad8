/** `./switchyard usage`: what a stack's requests cost, from its ledger. */
import { type Command, Option } from 'commander';
import {
  type Dimension,
  DIMENSIONS,
  groupUsage,
  sumUsage,
  type UsageGroup,
  type UsageSums,
} from '../domain/plan/usage-groups.ts';
import { dollars, FOCUS_BY, focusCsv, usagePage } from '../domain/render/usage-page.ts';
import type { BudgetState, UsageRow } from '../domain/schema/usage-schema.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { table } from '../console/table.ts';
import { parseDay, parseDuration } from '../console/time-options.ts';
import { requireStack } from '../engine/stack-name.ts';
import { readBudgets, readUsage } from '../engine/usage-report.ts';

interface UsageOptions {
  by: string;
  since: string;
  csv?: boolean;
  budgets?: boolean;
}

/** Adds `usage` to the command line. */
export function register(program: Command): void {
  program
    .command('usage')
    .description(
      'show requests, tokens and estimated costs; with --json in the shape of the usage API of OpenAI',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option(
      '--by <dimensions>',
      `what to group by, with commas: ${Object.keys(DIMENSIONS).join(', ')}`,
      'provider,model',
    )
    .option(
      '--since <time>',
      'the beginning: a day (YYYY-MM-DD, UTC) or a duration before now (24h, 7d); whole hours are counted',
      '30d',
    )
    .addOption(
      new Option(
        '--csv',
        'one charge for each day, model, key, lane and agent, as CSV in the format FOCUS 1.2',
      ).conflicts('by'),
    )
    .addOption(
      new Option(
        '--budgets',
        'instead of the sums: each budget, what is spent and reserved of it, when it begins anew',
      ).conflicts(['by', 'since', 'csv']),
    )
    .action(withOutput(usage));
}

async function usage(out: Output, stack: string, options: UsageOptions): Promise<void> {
  const by = parseBy(options.by);
  const since = parseSince(options.since);
  await requireStack(stack);
  await ensureReady({ need: ['docker'], onProgress: out.progress });
  if (options.budgets) {
    const budgets = await out.step(`reading the budgets of ${stack}`, () => readBudgets(stack));
    return out.result({ stack, budgets }, budgetsText(stack, budgets));
  }
  // The hour that is running counts too.
  const until = Math.floor(Date.now() / 1000) + 3600;
  // The page has days, whatever it is grouped by.
  const groups = options.csv ? FOCUS_BY : (['day', ...by] as const);
  const rows = await out.step(`reading the ledger of ${stack}`, () => readUsage(stack, since, until, groups));
  if (options.csv) {
    const csv = focusCsv(stack, rows);
    return out.result({ csv }, csv, { verbatim: true });
  }
  out.result({ stack, since, ...usagePage(rows, by) }, usageText(rows, by, since));
}

/** @throws UserError if one is unknown. */
export function parseBy(text: string): Dimension[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !Object.hasOwn(DIMENSIONS, name));
  if (unknown === undefined) return names as Dimension[];
  throw new UserError('cannot group usage by this', {
    where: '--by',
    found: unknown,
    allowed: Object.keys(DIMENSIONS),
  });
}

/** What `--since` may be. The ledger keeps its sums for ten times `retentionDays`, which is 3650 at most. */
const SINCE = {
  days: 36_500,
  allowed: 'a day in UTC, e.g. 2026-11-24, or a duration before now: 30m, 24h, 7d, 365d',
};

/**
 * The beginning in seconds since 1970, at the start of an hour: the ledger has sums of whole hours.
 *
 * @throws UserError if it is neither a day nor a duration.
 */
export function parseSince(text: string, now = Date.now()): number {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const ms = day
    ? parseDay(text, { where: '--since', allowed: SINCE.allowed }).getTime() - 12 * 3_600_000
    : now - parseDuration(text, '--since', SINCE);
  return Math.floor(ms / 3_600_000) * 3600;
}

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
  alias: 'refused before a provider was asked',
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
