/** What the ledger's row of a call must have, from the provider's own record of it. Pure. */
import { callCost, costOf, type Prices, pricesAt, type Tokens, tokensIn } from './expected-cost.ts';

/** A call as the provider served it. */
export interface Served {
  /** What joins it with the client's requests that caused it. */
  ref: string;
  /** The provider as the ledger names it, its model, and the name of the key that it got. */
  provider: string;
  model: string;
  key: string;
  /** The format of its answer: the end of its path. */
  wire: 'completions' | 'messages' | 'responses' | 'embeddings';
  /** The status, or "hang…", "close", "cut", or "aborted" for a caller that hung up. */
  answer: number | string;
  /** The id and the usage in its answer; null if it told none. */
  id: string;
  usage: object | null;
  /** When each piece of a stream's text was sent, in seconds since 1970. */
  pieces: readonly number[];
  /** How many of them the client has received of this call; 0 if another call followed. */
  clientPieces: number;
  /** The tokens of the prompt, and of the whole text of the answer. */
  promptTokens: number;
  textTokens: number;
  /** Undefined for a model without a price. */
  prices: Prices | undefined;
  /** Whether its row may be missing, because a gateway was killed. */
  mayBeMissing: boolean;
}

/** A row of the ledger. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Tokens in each piece of a stream's text (PIECE in sandbox/planned_answers.py). */
export const PIECE_TOKENS = 3;

/** How a row differs from what was served; empty if it does not. */
export function differencesOf(row: Row, served: Served): string[] {
  const { columns, tokens, mostOutput } = expectedOf(row, served);
  const found = Number(row.gen_ai_usage_output_tokens);
  const output = Math.min(Math.max(found, tokens.output), mostOutput);
  const expected: Record<string, string | number> = {
    gen_ai_provider_name: served.provider,
    gen_ai_request_model: served.model,
    provider_key: served.key,
    ...columns,
    ...costColumns(
      columns,
      { ...tokens, output },
      {
        ...served,
        prices: pricesAt(served.prices, Number(row.completed_at_us) / 1e6),
      },
    ),
    gen_ai_usage_input_tokens: tokens.input,
    gen_ai_usage_cache_read_input_tokens: tokens.cached,
    gen_ai_usage_cache_creation_input_tokens: tokens.written,
    gen_ai_usage_output_tokens: output,
    gen_ai_usage_reasoning_output_tokens: tokens.reasoning,
  };
  return Object.entries(expected)
    .filter(([name, value]) => row[name] !== value)
    .map(([name, value]) => `${name} is ${row[name]} instead of ${value}`);
}

function costColumns({ status, usage_source }: Columns, tokens: Tokens, { usage, prices }: Served): Columns {
  if (usage_source === 'none') return { cost_source: 'none', cost_nano_usd: 0 };
  const isTold = status === 'success' && usage !== null && 'cost' in usage;
  if (isTold) return { cost_source: 'provider', cost_nano_usd: callCost(usage, prices) };
  return { cost_source: prices ? 'local' : 'unpriced', cost_nano_usd: costOf(tokens, prices) };
}

type Columns = Record<string, string | number>;

interface Expected {
  columns: Columns;
  /** With the least output that it may have. */
  tokens: Tokens;
  mostOutput: number;
}

const NO_TOKENS: Tokens = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };

function expectedOf(row: Row, served: Served): Expected {
  const { answer, usage } = served;
  if (typeof answer === 'number' && answer >= 400) return failed(answer, String(answer), '');
  if (answer === 'close') return failed(0, 'connection', 'no_answer');
  if (String(answer).startsWith('hang')) return failed(0, 'timeout', 'no_answer');
  const about = { http_status: 200, gen_ai_response_id: served.id };
  if (answer === 'cut')
    return interrupted(row, served, { ...about, status: 'error', error_type: 'incomplete' });
  if (answer === 'aborted')
    return interrupted(row, served, { ...about, status: 'cancelled', error_type: '' });
  const success = { ...about, status: 'success', error_type: '' };
  if (usage !== null) {
    const columns = { ...success, usage_source: 'provider', cost_caveat: '' };
    return exactly(columns, tokensIn(usage));
  }
  const columns = { ...success, usage_source: 'counted', cost_caveat: 'input_counted,output_counted' };
  const tokens = { ...NO_TOKENS, input: served.promptTokens, output: served.textTokens };
  return exactly(columns, tokens);
}

function exactly(columns: Columns, tokens: Tokens): Expected {
  return { columns, tokens, mostOutput: tokens.output };
}

function failed(status: number, type: string, caveat: string): Expected {
  const columns = {
    http_status: status,
    status: 'error',
    error_type: type,
    usage_source: 'none',
    cost_caveat: caveat,
  };
  return exactly(columns, NO_TOKENS);
}

/**
 * A stream that was not received to its end, marked as not exact: at least what the client has of it, and at most one piece more than what was
 * sent before the gateway closed it.
 */
function interrupted(row: Row, served: Served, columns: Columns): Expected {
  const closed = Number(row.completed_at_us) / 1e6;
  // A gateway that was busy for so long that the connection was reset before it read anything: it knows only that there was an answer.
  const nothing = row.gen_ai_response_time_to_first_chunk_us === 0 && served.clientPieces === 0;
  const before = served.pieces.filter((time) => time <= closed).length;
  const output = served.clientPieces * PIECE_TOKENS;
  const mostOutput = (before + 1) * PIECE_TOKENS;
  // Anthropic tells the usage of the input at the beginning.
  if (served.wire === 'messages' && served.usage !== null && !nothing) {
    // The beginning also says that there is one token of output: until more has arrived, that holds.
    const few = Number(row.gen_ai_usage_output_tokens) <= 1;
    const marked = few ? ['provider', 'incomplete'] : ['counted', 'output_counted'];
    return {
      columns: { ...columns, usage_source: marked[0]!, cost_caveat: marked[1]! },
      tokens: { ...tokensIn(served.usage), output, reasoning: 0 },
      mostOutput,
    };
  }
  return {
    columns: {
      ...columns,
      ...(nothing ? { gen_ai_response_id: '' } : {}),
      ...{ usage_source: 'counted', cost_caveat: 'input_counted,output_counted' },
    },
    tokens: { ...NO_TOKENS, input: served.promptTokens, output },
    mostOutput,
  };
}
