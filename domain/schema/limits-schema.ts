/** The settings of budgets and rate limits: what a key, a lane, a provider or the whole stack may spend, and how much a key may ask for. */
import { z } from 'zod';
import { inUnit } from './units.ts';

/** The windows of a budget: it begins anew with each hour, day, week (on Monday) or month of the time zone. */
export const WINDOWS = ['hour', 'day', 'week', 'month'] as const;
export type Window = (typeof WINDOWS)[number];

/** The largest budget, in US dollars. Up to it every amount with nine decimals is exact. */
const MAX_USD = 1_000_000;
const DOLLARS = `expected US dollars: more than 0, ${MAX_USD} at most, with nine decimals at most`;

/** `pulumi config set --path` stores a fraction as a text, so both forms are accepted. */
const dollars = z
  .union([z.number(), z.string()], { error: DOLLARS })
  .refine((value) => isDollars(value), { error: DOLLARS });

function isDollars(value: number | string): boolean {
  if (typeof value === 'string' && !/^\d{1,7}(\.\d{1,9})?$/.test(value)) return false;
  const amount = Number(value);
  // A number of more decimals differs from its nearest one with nine.
  return amount > 0 && amount <= MAX_USD && Number(amount.toFixed(9)) === amount;
}

/** A budget: so many dollars in each window. */
const budgetSchema = z.strictObject({
  usd: dollars.describe('US dollars, by list prices.'),
  window: z.enum(WINDOWS).describe('When it begins anew: with each hour, day, week or month.'),
});
export type Budget = z.output<typeof budgetSchema>;

/** One budget, or several with different windows. */
export const budgetsSchema = z.union(
  [
    budgetSchema,
    z
      .array(budgetSchema)
      .min(1, { error: 'expected at least one budget' })
      .max(WINDOWS.length, { error: 'expected one budget of each window at most' }),
  ],
  { error: 'allowed: {usd: 20, window: month}, or a list of such budgets' },
);

const count = (max: number) => z.int().min(1).max(max);

/** What limits a virtual key, beside its models. */
export const keyLimits = {
  budget: budgetsSchema.optional().describe('What it may spend: {usd, window}, or a list of them.'),
  requestsPerMinute: count(1_000_000).optional().describe('Further requests get 429. Default: no limit.'),
  tokensPerMinute: inUnit('tokens', count(1_000_000_000))
    .optional()
    .describe('Tokens of input and output together. Default: no limit.'),
  parallelRequests: count(10_000)
    .optional()
    .describe('Requests at the same time; further ones get 429. Default: no limit.'),
};

const name = z.string().min(1).max(40);

/** `budgets`: those that are not a key's, and what holds for all of them. */
export const stackBudgetsSchema = z.strictObject({
  timeZone: z.string().min(1).max(64).default('UTC').describe('The time zone of the windows: an IANA name.'),
  onFailure: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('What happens to requests under a budget while the ledger does not work.'),
  stack: budgetsSchema.optional().describe('What the whole stack may spend.'),
  lanes: z.record(name, budgetsSchema).default({}).describe('What each lane of the gateway may spend.'),
  providers: z.record(name, budgetsSchema).default({}).describe('What may be spent at each provider.'),
});

/** One or several budgets as a list. */
export function budgetList(budgets: Budget | Budget[] | undefined): Budget[] {
  return budgets === undefined ? [] : Array.isArray(budgets) ? budgets : [budgets];
}

/** An amount of {@link Budget} in nano-dollars: exact, since it has nine decimals at most. */
export function nanoUsd(usd: number | string): number {
  // Up to the largest amount a number is closer than half a nano-dollar to the decimal that was written.
  return Number(Number(usd).toFixed(9).replace('.', ''));
}
