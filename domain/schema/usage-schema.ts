/** What the ledger's programs in a gateway print: the sums (ledger/report.py), and what is left of budgets (ledger/limits_report.py). */
import { z } from 'zod';
import { WINDOWS } from './limits-schema.ts';

const sum = z.int().min(0);

/** What the sums are not grouped by is absent. */
const name = z.string().default('');

/** The sums of one combination of day, key, lane, agent, model and provider. Money is in nano-dollars. */
const usageRow = z.object({
  /** The start of the day, in seconds since 1970 (UTC). */
  day: z.int().default(0),
  key_alias: name,
  lane: name,
  gen_ai_agent_name: name,
  model_alias: name,
  gen_ai_provider_name: name,
  gen_ai_request_model: name,
  requests: sum,
  failed_requests: sum,
  cache_hits: sum,
  attempts: sum,
  failed_attempts: sum,
  cancelled_attempts: sum,
  counted_attempts: sum,
  unpriced_attempts: sum,
  gen_ai_usage_input_tokens: sum,
  gen_ai_usage_cache_read_input_tokens: sum,
  gen_ai_usage_cache_creation_input_tokens: sum,
  gen_ai_usage_output_tokens: sum,
  gen_ai_usage_reasoning_output_tokens: sum,
  cost_nano_usd: sum,
  saved_nano_usd: sum,
});

/** What the program prints. `none`: nothing was recorded yet. */
export const usageReport = z.object({ database: z.enum(['ok', 'none']), rows: z.array(usageRow) });

/** A row of the report. */
export type UsageRow = z.output<typeof usageRow>;

/** A budget and what of it is used. Money is in nano-dollars. */
const budgetState = z.object({
  scope: z.enum(['key', 'lane', 'provider', 'stack']),
  /** The alias, lane or provider; empty for the stack. */
  name: z.string(),
  window: z.enum(WINDOWS),
  nanoUsd: sum,
  /** What the window's finished calls cost. */
  spentNanoUsd: sum,
  /** What the running requests may cost at most. */
  reservedNanoUsd: sum,
  /** When the next window begins: an ISO 8601 time, or seconds since 1970. */
  resetsAt: z
    .union([z.string(), z.number()])
    .transform((at) => new Date(typeof at === 'number' ? at * 1000 : at).toISOString()),
});

/** What the program about budgets prints. */
export const limitsReport = z.object({ budgets: z.array(budgetState) });

/** A budget, and what of it is used. */
export type BudgetState = z.output<typeof budgetState>;
