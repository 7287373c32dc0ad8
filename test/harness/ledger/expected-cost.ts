/** What a call of a provider costs, calculated without the product's code: from the usage as it was sent, and from published prices. Pure. */

/** A model's prices in US dollars per token, by LiteLLM's names: `input_cost_per_token`, `cache_read_input_token_cost`, … */
export type Prices = Readonly<Record<string, unknown>>;

/** Hours in UTC, `04:00-06:00`, and the days of the week on which they are meant; 1 is Monday. */
interface Hours {
  hours_utc: string | string[];
  weekdays?: number[];
}

/** The prices of a call that ended at a time, in seconds since 1970: some models cost less at some hours. */
export function pricesAt(prices: Prices | undefined, ended: number): Prices | undefined {
  const lower = prices?.off_peak_pricing as (Prices & { windows?: Hours[] }) | undefined;
  if (lower?.windows === undefined) return prices;
  const at = new Date(ended * 1000);
  const time = at.toISOString().slice(11, 16);
  const isOpen = lower.windows.some(
    ({ hours_utc, weekdays }) =>
      weekdays?.includes(at.getUTCDay() || 7) !== false &&
      [hours_utc].flat().some((hours) => isIn(time, hours)),
  );
  return isOpen ? { ...prices, ...lower } : prices;
}

function isIn(time: string, hours: string): boolean {
  const [from = '', to = ''] = hours.split('-');
  return from < to ? from <= time && time < to : time >= from || time < to;
}

/** The tokens of a call. The input includes what was read from the cache and written to it, the output includes the reasoning. */
export interface Tokens {
  input: number;
  cached: number;
  written: number;
  output: number;
  reasoning: number;
}

/** The numbers in a usage, in whatever form its provider has them. */
interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
  prompt_cache_hit_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number };
  input_tokens_details?: { cached_tokens?: number };
  completion_tokens_details?: { reasoning_tokens?: number };
  output_tokens_details?: { reasoning_tokens?: number };
}

/** The tokens in a usage of the fake upstream (sandbox/planned_answers.py). */
export function tokensIn(usage: object): Tokens {
  const sent = usage as Usage;
  const read = sent.cache_read_input_tokens ?? 0;
  const written = sent.cache_creation_input_tokens ?? 0;
  return {
    // Only Anthropic has fields for the cache beside its input, which does not include them.
    input: (sent.prompt_tokens ?? sent.input_tokens ?? 0) + read + written,
    cached:
      read +
      (sent.prompt_cache_hit_tokens ?? 0) +
      (sent.prompt_tokens_details?.cached_tokens ?? 0) +
      (sent.input_tokens_details?.cached_tokens ?? 0),
    written,
    output: sent.completion_tokens ?? sent.output_tokens ?? 0,
    reasoning:
      (sent.completion_tokens_details?.reasoning_tokens ?? 0) +
      (sent.output_tokens_details?.reasoning_tokens ?? 0),
  };
}

/** The cost of tokens in nano-dollars, rounded half to even; 0 for a model without a price. */
export function costOf(tokens: Tokens, prices: Prices | undefined): number {
  const input = priceIn(prices, 'input_cost_per_token');
  if (input === undefined) return 0;
  const output = priceIn(prices, 'output_cost_per_token') ?? 0n;
  const rates: [number, bigint][] = [
    [tokens.input - tokens.cached - tokens.written, input],
    [tokens.cached, priceIn(prices, 'cache_read_input_token_cost') ?? input],
    [tokens.written, priceIn(prices, 'cache_creation_input_token_cost') ?? input],
    [tokens.output - tokens.reasoning, output],
    [tokens.reasoning, priceIn(prices, 'output_cost_per_reasoning_token') ?? output],
  ];
  const total = rates.reduce((sum, [count, rate]) => sum + BigInt(count) * rate, 0n);
  return Number(halfToEven(total, SCALE / NANO));
}

/** The cost of a call in nano-dollars: as its provider says, otherwise by the price. */
export function callCost(usage: object, prices: Prices | undefined): number {
  const { cost } = usage as { cost?: number };
  return cost === undefined ? priceOf(usage, prices) : nanoUsd(cost);
}

/** The same by the price, whatever the provider says. */
export function priceOf(usage: object, prices: Prices | undefined): number {
  return costOf(tokensIn(usage), prices);
}

/** US dollars as nano-dollars, rounded half to even. */
function nanoUsd(dollars: number): number {
  return Number(halfToEven(scaled(dollars), SCALE / NANO));
}

const NANO = 10n ** 9n;
/** Amounts are exact in this fraction of a dollar. */
const SCALE = 10n ** 24n;

function priceIn(prices: Prices | undefined, name: string): bigint | undefined {
  const value = prices?.[name];
  return typeof value === 'number' ? scaled(value) : undefined;
}

/** A number as its shortest decimal text says it, which is how prices are published. */
function scaled(value: number): bigint {
  const [, whole = '0', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(
    String(value),
  )!;
  const shift = 24 + Number(exponent) - fraction.length;
  if (shift < 0) throw new Error(`${value} has too many digits`);
  return BigInt(whole + fraction) * 10n ** BigInt(shift);
}

function halfToEven(value: bigint, divisor: bigint): bigint {
  const whole = value / divisor;
  const twice = (value % divisor) * 2n;
  return twice > divisor || (twice === divisor && whole % 2n === 1n) ? whole + 1n : whole;
}
