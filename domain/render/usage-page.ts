/** Renders usage as documents for other programs. Pure. */
import { type Dimension, dayOfSeconds, groupUsage, sumUsage, type UsageGroup } from '../plan/usage-groups.ts';
import type { UsageRow } from '../schema/usage-schema.ts';

const DAY = 86_400;

/** Nano-dollars as US dollars, exactly: `0.00128`. */
export function dollars(nano: number): string {
  const digits = BigInt(nano).toString().padStart(10, '0');
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  return text.replace(/\.?0+$/, '');
}

/**
 * The shape of OpenAI's usage API: a page of buckets, one for each day, with a result for each group. What is not grouped is null, as there.
 * Additional fields: `amount`, as in OpenAI's costs API, and the other sums of the ledger.
 */
export function usagePage(rows: readonly UsageRow[], by: readonly Dimension[]) {
  const days = [...new Set(rows.map(({ day }) => day))].sort((a, b) => a - b);
  return {
    object: 'page',
    // List prices and counted tokens: the provider's invoice decides.
    estimate: true,
    data: days.map((day) => ({
      object: 'bucket',
      start_time: day,
      end_time: day + DAY,
      results: groupUsage(
        rows.filter((row) => row.day === day),
        by.filter((dimension) => dimension !== 'day'),
      ).map(result),
    })),
    has_more: false,
    next_page: null,
  };
}

function result({ by, sums }: UsageGroup) {
  return {
    object: 'organization.usage.completions.result',
    input_tokens: sums.gen_ai_usage_input_tokens,
    input_cached_tokens: sums.gen_ai_usage_cache_read_input_tokens,
    input_cache_write_tokens: sums.gen_ai_usage_cache_creation_input_tokens,
    output_tokens: sums.gen_ai_usage_output_tokens,
    output_reasoning_tokens: sums.gen_ai_usage_reasoning_output_tokens,
    num_model_requests: sums.requests,
    project_id: null,
    user_id: null,
    api_key_id: by.key ?? null,
    model: by.model ?? null,
    batch: null,
    alias: by.alias ?? null,
    provider: by.provider ?? null,
    lane: by.lane ?? null,
    agent: by.agent ?? null,
    amount: { value: Number(dollars(sums.cost_nano_usd)), currency: 'usd' },
    cost_nano_usd: sums.cost_nano_usd,
    saved_nano_usd: sums.saved_nano_usd,
    num_failed_requests: sums.failed_requests,
    num_cache_hits: sums.cache_hits,
    num_attempts: sums.attempts,
    num_failed_attempts: sums.failed_attempts,
    num_cancelled_attempts: sums.cancelled_attempts,
    num_counted_attempts: sums.counted_attempts,
    num_unpriced_attempts: sums.unpriced_attempts,
  };
}

/** The version of FOCUS (FinOps Open Cost and Usage Specification) that {@link focusCsv} follows. */
export const FOCUS_VERSION = '1.2';

/** What a charge in it is for. */
export const FOCUS_BY = [
  'day',
  'provider',
  'model',
  'key',
  'lane',
  'agent',
] as const satisfies readonly Dimension[];

/** FOCUS, as CSV: a charge for each day, model, provider, key, lane and agent. `x_` columns are ours; `x_Estimate` is always true. */
export function focusCsv(stack: string, rows: readonly UsageRow[]): string {
  const charges = groupUsage(rows, FOCUS_BY)
    .filter(({ sums }) => sums.attempts > 0)
    .map((group) => charge(stack, group));
  const head = Object.keys(charge(stack, { by: {}, sums: sumUsage([]) }));
  return [head, ...charges.map((columns) => Object.values(columns))]
    .map((cells) => cells.map(cell).join(','))
    .join('\r\n');
}

function charge(stack: string, { by, sums }: UsageGroup): Record<string, string> {
  const start = Date.parse(`${by.day ?? '1970-01-01'}T00:00:00Z`) / 1000;
  const month = new Date(start * 1000);
  const time = (seconds: number): string => `${dayOfSeconds(seconds)}T00:00:00Z`;
  const monthStart = (offset: number): number =>
    Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + offset) / 1000;
  const cost = dollars(sums.cost_nano_usd);
  const tokens = String(sums.gen_ai_usage_input_tokens + sums.gen_ai_usage_output_tokens);
  const provider = by.provider || 'unknown';
  return {
    BilledCost: cost,
    BillingAccountId: stack,
    BillingAccountName: stack,
    BillingCurrency: 'USD',
    BillingPeriodEnd: time(monthStart(1)),
    BillingPeriodStart: time(monthStart(0)),
    ChargeCategory: 'Usage',
    ChargeClass: '',
    ChargeDescription: `${by.model || 'unknown model'} (estimate)`,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodEnd: time(start + DAY),
    ChargePeriodStart: time(start),
    ConsumedQuantity: tokens,
    ConsumedUnit: 'Tokens',
    ContractedCost: cost,
    EffectiveCost: cost,
    InvoiceIssuerName: provider,
    ListCost: cost,
    PricingCategory: 'Standard',
    PricingQuantity: tokens,
    PricingUnit: 'Tokens',
    ProviderName: provider,
    PublisherName: provider,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: by.model || 'unknown',
    ServiceSubcategory: 'Generative AI',
    SubAccountId: by.key ?? '',
    SubAccountName: by.key ?? '',
    Tags: JSON.stringify({ lane: by.lane ?? '', agent: by.agent ?? '' }),
    x_Estimate: 'true',
    x_FocusVersion: FOCUS_VERSION,
    x_InputTokens: String(sums.gen_ai_usage_input_tokens),
    x_OutputTokens: String(sums.gen_ai_usage_output_tokens),
    x_Attempts: String(sums.attempts),
    x_UnpricedAttempts: String(sums.unpriced_attempts),
  };
}

/** A cell of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
