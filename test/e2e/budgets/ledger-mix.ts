/** The requests of the tests of the ledger: a mix of everything that a ledger can miscount, determined by a seed. Pure. */

/** A request to send. */
export interface Planned {
  ref: string;
  /** What it is, for the counts of a run. */
  kind: string;
  /** The alias of the client's key. */
  key: string;
  path: string;
  body: Record<string, unknown>;
  /** The client hangs up when so many pieces of the text have arrived. */
  hangUpAfter?: number;
  /** It is sent a second time, to be answered from the cache. */
  again: boolean;
}

interface Shape {
  kind: string;
  plan?: string;
  path?: string;
  models: readonly string[];
  stream?: boolean;
  includeUsage?: boolean;
  chunks?: number;
  delayMs?: number;
  hangUpAfter?: number;
  again?: boolean;
}

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const RESPONSES = '/v1/responses';
const PRICED = [
  'gpt-4',
  'gpt-4-turbo',
  'claude-3-5-sonnet',
  'claude-3-opus',
  'groq-llama3-70b',
  'deepseek-coder',
  'together-mixtral',
  'openrouter-claude-3-opus',
];
/** Models whose chain is long enough for three failures. */
const CHAINS = ['gpt-4', 'claude-3-opus', 'claude-3-5-sonnet'];
/** A stream of eight seconds of which the client reads a part. */
const LONG = { stream: true, chunks: 20, delayMs: 400 };

/** Each is as frequent as it stands here. */
const SHAPES: readonly Shape[] = [
  { kind: 'whole', models: PRICED },
  { kind: 'whole', models: PRICED },
  { kind: 'whole', models: ['huggingface-gpt-oss'] },
  { kind: 'stream', models: PRICED, stream: true },
  { kind: 'stream', models: PRICED, stream: true },
  { kind: 'stream with usage', models: PRICED, stream: true, includeUsage: true },
  { kind: 'slow stream', models: PRICED, stream: true, chunks: 12, delayMs: 120 },
  { kind: 'messages', models: PRICED, path: MESSAGES },
  { kind: 'messages stream', models: PRICED, path: MESSAGES, stream: true },
  { kind: 'responses', models: PRICED, path: RESPONSES },
  { kind: 'responses stream', models: PRICED, path: RESPONSES, stream: true },
  { kind: 'embeddings', models: ['embedding-small'], path: '/v1/embeddings' },
  { kind: 'failure', plan: '500', models: CHAINS },
  { kind: 'failure', plan: '429', models: CHAINS, stream: true },
  { kind: 'failure', plan: '429_500', models: CHAINS },
  { kind: 'failure', plan: '503_429_500', models: CHAINS, stream: true },
  { kind: 'failure', plan: '500', models: ['deepseek-coder'] },
  { kind: 'failure', plan: '400', models: PRICED },
  { kind: 'failure', plan: '401', models: ['gpt-4'], path: RESPONSES },
  { kind: 'failure', plan: '529_500', models: ['claude-3-opus'], path: MESSAGES },
  { kind: 'failure of all', plan: Array(12).fill('500').join('_'), models: CHAINS },
  { kind: 'timeout', plan: 'hang', models: ['groq-mixtral'] },
  { kind: 'no answer', plan: 'close', models: CHAINS },
  { kind: 'no usage', plan: 'bare', models: ['gpt-4', 'groq-llama3-70b', 'together-mixtral'] },
  { kind: 'no usage', plan: 'bare', models: ['gpt-4', 'groq-llama3-70b', 'together-mixtral'], stream: true },
  { kind: 'cut', plan: 'cut5', models: ['gpt-4', 'claude-3-5-sonnet'], stream: true, delayMs: 200 },
  { kind: 'hang-up', models: PRICED, ...LONG, hangUpAfter: 2 },
  { kind: 'hang-up', models: ['claude-3-opus'], path: MESSAGES, ...LONG, hangUpAfter: 3 },
  { kind: 'hang-up', models: ['gpt-4'], path: RESPONSES, ...LONG, hangUpAfter: 1 },
  { kind: 'again', models: PRICED, again: true },
  { kind: 'again', models: PRICED, path: MESSAGES, again: true },
  { kind: 'again', models: PRICED, stream: true, includeUsage: true, again: true },
];

/** So many requests. Every kind is among the first {@link SHAPES}.length × 2; the seed determines their order, models and keys. */
export function mix(name: string, count: number, seed: number): Planned[] {
  const random = randomOf(seed);
  const shapes = Array.from({ length: count }, (_, index) => SHAPES[index % SHAPES.length]!);
  for (let index = shapes.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [shapes[index], shapes[other]] = [shapes[other]!, shapes[index]!];
  }
  return shapes.map((shape, index) => planned(`${name}-${String(index).padStart(6, '0')}`, shape, random));
}

function planned(ref: string, shape: Shape, random: () => number): Planned {
  const { kind, path = CHAT, plan = 'ok', stream = false, chunks = 5, delayMs = 0 } = shape;
  const model = shape.models[Math.floor(random() * shape.models.length)]!;
  // Under a budget, a model without a price is refused.
  const key = random() < 0.5 && model !== 'huggingface-gpt-oss' ? 'bob' : 'alice';
  const text = `#ref=${ref.replaceAll('-', '_')} #plan=${plan} #chunks=${chunks} #delayMs=${delayMs}`;
  const base = { model, ...(stream ? { stream } : {}) };
  return {
    ...{ ref, kind, key, path, again: shape.again === true },
    ...(shape.hangUpAfter === undefined ? {} : { hangUpAfter: shape.hangUpAfter }),
    body: {
      ...base,
      ...bodyOf(path, text),
      ...(shape.includeUsage ? { stream_options: { include_usage: true } } : {}),
    },
  };
}

function bodyOf(path: string, text: string): Record<string, unknown> {
  if (path === RESPONSES) return { input: text, max_output_tokens: 100 };
  if (path === '/v1/embeddings') return { input: text };
  return { max_tokens: 100, messages: [{ role: 'user', content: text }] };
}

/** Pseudo-random numbers from 0 up to 1: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
