/** `./switchyard usage`: what a stack's requests cost, from its ledger. */
import { type Command, Option } from 'commander';
import { type Dimension, DIMENSIONS } from '../domain/plan/usage-groups.ts';
import { FOCUS_BY, focusCsv, usagePage } from '../domain/render/usage-page.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { parseDay, parseDuration } from '../console/time-options.ts';
import { requireStack } from '../engine/stack-name.ts';
import { readBudgets, readUsage } from '../engine/usage-report.ts';
import { budgetsText, usageText } from './usage-text.ts';

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
