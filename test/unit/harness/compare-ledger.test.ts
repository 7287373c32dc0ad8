/** The comparison of the ledger with the providers' record finds every way to miscount that it is there for. */
import { describe, expect, test } from '@jest/globals';
import { compareLedger, type Ledger, type Sent } from '../../harness/ledger/compare-ledger.ts';
import type { Row, Served } from '../../harness/ledger/expected-attempt.ts';
import { costOf, pricesAt, type Tokens } from '../../harness/ledger/expected-cost.ts';

const PRICES = {
  input_cost_per_token: 2e-6,
  output_cost_per_token: 1.2e-5,
  cache_read_input_token_cost: 2e-7,
};
const USAGE = {
  prompt_tokens: 1001,
  completion_tokens: 21,
  prompt_tokens_details: { cached_tokens: 16 },
  completion_tokens_details: { reasoning_tokens: 1 },
};
/** (1001 - 16) × 2000 + 16 × 200 + 21 × 12000 nano-dollars. */
const COST = 2_225_200;

const SENT: Sent = {
  ...{ ref: 'a', id: 'load-a', key: 'alice', alias: 'gpt', route: 'chat_completions', status: 200 },
  ...{ hungUp: false, cacheHit: false, toldUsage: true, mayBeMissing: false },
};
const SERVED: Served = {
  ...{ ref: 'a', provider: 'openai', model: 'm', key: 'OPENAI_API_KEY', wire: 'completions', answer: 200 },
  ...{ id: 'chatcmpl-1', usage: USAGE, pieces: [], clientPieces: 0, promptTokens: 30, textTokens: 15 },
  ...{ prices: PRICES, mayBeMissing: false },
};
/** It failed with the first key. */
const FAILED: Served = { ...SERVED, key: 'OPENAI_API_KEY_2', answer: 500, id: '', usage: null };

const REQUEST: Row = {
  ...{ request_id: 'r1', x_request_id: 'load-a', key_alias: 'alice', model_alias: 'gpt' },
  ...{ route: 'chat_completions', status: 'success', http_status: 200, attempts: 2 },
  ...{ cache_hit: 'no', saved_nano_usd: 0 },
};
const ATTEMPT: Row = {
  ...{ request_id: 'r1', key_alias: 'alice', model_alias: 'gpt', route: 'chat_completions' },
  ...{ gen_ai_provider_name: 'openai', gen_ai_request_model: 'm', gen_ai_response_id: 'chatcmpl-1' },
  ...{ provider_key: 'OPENAI_API_KEY', status: 'success', http_status: 200, error_type: '' },
  ...{ completed_at_us: 10_000_000, gen_ai_usage_input_tokens: 1001, gen_ai_usage_output_tokens: 21 },
  ...{ gen_ai_usage_cache_read_input_tokens: 16, gen_ai_usage_cache_creation_input_tokens: 0 },
  ...{ gen_ai_usage_reasoning_output_tokens: 1, usage_source: 'provider', cost_source: 'local' },
  ...{ cost_nano_usd: COST, cost_caveat: '' },
};
const NO_TOKENS = {
  ...{ gen_ai_usage_input_tokens: 0, gen_ai_usage_output_tokens: 0 },
  ...{ gen_ai_usage_cache_read_input_tokens: 0, gen_ai_usage_reasoning_output_tokens: 0 },
};
const FAILED_ATTEMPT: Row = {
  ...{ ...ATTEMPT, ...NO_TOKENS, provider_key: 'OPENAI_API_KEY_2', gen_ai_response_id: '', status: 'error' },
  ...{ http_status: 500, error_type: '500', usage_source: 'none', cost_source: 'none', cost_nano_usd: 0 },
};
const LEDGER: Ledger = { requests: [REQUEST], attempts: [FAILED_ATTEMPT, ATTEMPT] };

const differences = (ledger: Partial<Ledger>, more: { sent?: Partial<Sent>; served?: Served[] } = {}) =>
  compareLedger([{ ...SENT, ...more.sent }], more.served ?? [FAILED, SERVED], { ...LEDGER, ...ledger });

test('a ledger that is right has no differences', () => {
  expect(differences({})).toEqual([]);
});

describe('it finds', () => {
  test.each<[string, Partial<Ledger>, string]>([
    ['a request that is missing', { requests: [] }, 'request load-a: its row is missing'],
    ['a request twice', { requests: [REQUEST, { ...REQUEST, request_id: 'r2', attempts: 0 }] }, '2 rows'],
    ['a request of nobody', { requests: [REQUEST, { ...REQUEST, x_request_id: 'b' }] }, 'nobody sent it'],
    ['another count of attempts', { requests: [{ ...REQUEST, attempts: 3 }] }, '3 attempts, 2 are there'],
    ['another key', { requests: [{ ...REQUEST, key_alias: 'bob' }] }, 'key_alias is bob instead of alice'],
    ['a failed call that is missing', { attempts: [ATTEMPT] }, 'of openai (500): its row is missing'],
    ['a call that is missing', { attempts: [FAILED_ATTEMPT] }, 'of openai (200): its row is missing'],
    ['a call twice', { attempts: [...LEDGER.attempts, ATTEMPT] }, 'a row too many'],
    [
      'a call of no request',
      { attempts: [...LEDGER.attempts, { ...ATTEMPT, request_id: 'x' }] },
      'no request',
    ],
  ])('%s', (_, ledger, text) => {
    expect(differences(ledger).join('\n')).toContain(text);
  });

  test.each<[string, Row]>([
    ['a token too many in the input', { gen_ai_usage_input_tokens: 1002 }],
    ['a token too few in the output', { gen_ai_usage_output_tokens: 20 }],
    ['cached tokens that are not there', { gen_ai_usage_cache_read_input_tokens: 0 }],
    ['a nano-dollar too much', { cost_nano_usd: COST + 1 }],
    ['another key of the provider', { provider_key: 'OPENAI_API_KEY_2' }],
    ['a failure that was none', { status: 'error' }],
    ['a usage that was not counted', { usage_source: 'counted' }],
    ['the answer to another call', { gen_ai_response_id: 'chatcmpl-2' }],
  ])('%s', (_, change) => {
    const [name] = Object.keys(change);
    const found = differences({ attempts: [FAILED_ATTEMPT, { ...ATTEMPT, ...change }] });
    expect(found).toEqual([expect.stringContaining(`${name} is `)]);
  });
});

describe('a stream that the client left', () => {
  const left: Served = { ...SERVED, answer: 'aborted', usage: null, pieces: [1, 2, 3, 11], clientPieces: 2 };
  const row = (output: number, more: Row = {}): Row => ({
    ...{ ...ATTEMPT, ...NO_TOKENS, status: 'cancelled', usage_source: 'counted' },
    ...{ gen_ai_usage_input_tokens: 30, gen_ai_usage_output_tokens: output },
    ...{ cost_nano_usd: 60_000 + output * 12_000, cost_caveat: 'input_counted,output_counted', ...more },
  });
  const found = (attempt: Row) =>
    differences(
      { requests: [{ ...REQUEST, status: 'cancelled', attempts: 1 }], attempts: [attempt] },
      { sent: { hungUp: true }, served: [left] },
    );

  test('has at least what the client got, and one piece more than what was sent before it was closed', () => {
    for (const output of [6, 9, 12]) expect(found(row(output))).toEqual([]);
    expect(found(row(5))[0]).toContain('output_tokens is 5 instead of 6');
    expect(found(row(13))[0]).toContain('output_tokens is 13 instead of 12');
  });

  test('is marked, and its input and cost are exact', () => {
    expect(found(row(9, { cost_caveat: '' }))[0]).toContain('cost_caveat');
    expect(found(row(9, { status: 'success' }))[0]).toContain('status is success instead of cancelled');
    expect(found(row(9, { gen_ai_usage_input_tokens: 31 }))[0]).toContain('input_tokens is 31 instead of 30');
    expect(found(row(9, { cost_nano_usd: 168_001 }))[0]).toContain(
      'cost_nano_usd is 168001 instead of 168000',
    );
  });
});

describe('a gateway that was killed', () => {
  const lost = { sent: { mayBeMissing: true }, served: [{ ...FAILED, mayBeMissing: true }, SERVED] };

  test('may lose what it had, and no call of another gateway', () => {
    const requests = [{ ...REQUEST, attempts: 1 }];
    expect(differences({ requests, attempts: [ATTEMPT] }, lost)).toEqual([]);
    expect(differences({ requests: [{ ...REQUEST, attempts: 0 }], attempts: [] }, lost)).toHaveLength(1);
  });

  test('may have written a call and not its request, but no call that nobody served', () => {
    const orphan = { ...FAILED_ATTEMPT, request_id: 'killed' };
    const requests = [{ ...REQUEST, attempts: 1 }];
    expect(differences({ requests, attempts: [orphan, ATTEMPT] }, lost)).toEqual([]);
    expect(differences({ requests, attempts: [orphan, orphan, ATTEMPT] }, lost)).toHaveLength(1);
  });
});

test('what a hit saved is what its answer had cost', () => {
  const hit = { ...REQUEST, request_id: 'r2', x_request_id: 'load-a-again', attempts: 0, cache_hit: 'exact' };
  const sent = [SENT, { ...SENT, id: 'load-a-again', cacheHit: true }];
  const found = (saved: number) =>
    compareLedger(sent, [FAILED, SERVED], {
      ...LEDGER,
      requests: [REQUEST, { ...hit, saved_nano_usd: saved }],
    });
  expect(found(COST)).toEqual([]);
  expect(found(COST - 1)[0]).toContain('saved_nano_usd');
});

test.each<[Partial<Tokens>, Record<string, number>, number]>([
  // Half a nano-dollar is rounded to the even number.
  [{ input: 1 }, { input_cost_per_token: 5e-10 }, 0],
  [{ input: 3 }, { input_cost_per_token: 5e-10 }, 2],
  [{ input: 1_000_000 }, { input_cost_per_token: 3e-7 }, 300_000_000],
  [{ input: 10, cached: 4, written: 3 }, { input_cost_per_token: 1e-6 }, 10_000],
  [{ output: 10, reasoning: 4 }, { input_cost_per_token: 0, output_cost_per_reasoning_token: 1e-6 }, 4_000],
  [{ input: 7, output: 7 }, {}, 0],
])('%j at %j costs %d nano-dollars', (tokens, prices, cost) => {
  const none = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };
  expect(costOf({ ...none, ...tokens }, prices)).toBe(cost);
});

test('at some hours a model costs less', () => {
  const windows = [
    { hours_utc: ['00:00-01:00', '22:00-00:00'], weekdays: [1, 2, 3, 4, 5] },
    { hours_utc: '00:00-00:00', weekdays: [6, 7] },
  ];
  const prices = { ...PRICES, off_peak_pricing: { input_cost_per_token: 1e-6, windows } };
  const input = (time: string) => pricesAt(prices, Date.parse(time) / 1000)?.input_cost_per_token;
  // Monday, Friday, Sunday.
  const times = ['2026-11-23T00:59Z', '2026-11-23T01:00Z', '2026-11-27T22:00Z', '2026-11-29T12:00Z'];
  expect(times.map(input)).toEqual([1e-6, 2e-6, 1e-6, 1e-6]);
  expect(pricesAt(PRICES, 0)).toBe(PRICES);
});
