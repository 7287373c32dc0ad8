/** Rows of usage, for tests. */
import { usageReport, type UsageRow } from '../../../domain/schema/usage-schema.ts';

/** The beginning of a day, in seconds since 1970. */
export const DAY = Date.UTC(2026, 10, 27) / 1000;

/** A row as the program in the gateway prints it. */
export function usageRow(more: Partial<UsageRow> = {}): UsageRow {
  const report = {
    database: 'ok',
    rows: [
      {
        ...{ day: DAY, key_alias: 'master', lane: 'fast', gen_ai_agent_name: 'reviewer', model_alias: 'gpt' },
        ...{ gen_ai_provider_name: 'openai', gen_ai_request_model: 'gpt-5.6' },
        ...{ requests: 2, failed_requests: 0, cache_hits: 1, attempts: 3, failed_attempts: 1 },
        ...{ cancelled_attempts: 0, counted_attempts: 0, unpriced_attempts: 0 },
        ...{ gen_ai_usage_input_tokens: 700, gen_ai_usage_cache_read_input_tokens: 64 },
        ...{ gen_ai_usage_cache_creation_input_tokens: 0, gen_ai_usage_output_tokens: 50 },
        ...{ gen_ai_usage_reasoning_output_tokens: 12, cost_nano_usd: 1_280_000, saved_nano_usd: 5000 },
        ...more,
      },
    ],
  };
  return usageReport.parse(report).rows[0]!;
}

/** Rows of two days, of two providers and of two keys. */
export function usageRows(): UsageRow[] {
  return [
    usageRow(),
    usageRow({ day: DAY - 86_400, gen_ai_provider_name: 'groq', gen_ai_request_model: 'llama', cost_nano_usd: 3, unpriced_attempts: 2, counted_attempts: 1 }),
    usageRow({ key_alias: 'ann', cost_nano_usd: 9_000_000_000 }),
  ]; // prettier-ignore
}
