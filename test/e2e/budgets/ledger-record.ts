/** Reads the ledger from the volume, and what the providers served from the fake's own record. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'yaml';
import type { ReceivedRequest } from '../../../sandbox/upstream.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import type { Ledger } from '../../harness/ledger/compare-ledger.ts';
import { PIECE_TOKENS, type Row, type Served } from '../../harness/ledger/expected-attempt.ts';
import type { Prices } from '../../harness/ledger/expected-cost.ts';
import { type BudgetsStack, KEYS } from './budgets-stack.ts';

/** What read_ledger.py prints. */
export interface Volume extends Ledger {
  limit_windows: readonly Row[];
  reservations: readonly Row[];
  usage_hours: readonly Row[];
  integrity: string;
  tokens?: number[];
  prices?: Record<string, Prices>;
}

/** The ledger's names of providers that have another one in the catalogue. */
const PROVIDERS: Record<string, string> = { together: 'together_ai' };

/** The keys of the run's clients (ledger-mix.ts). */
const CLIENTS = new Set(['alice', 'bob']);

/** Reads the whole ledger. */
export async function readLedger(stack: BudgetsStack, more: object = {}): Promise<Volume> {
  const [gateway] = await stack.gateways();
  const program = readFileSync(join(import.meta.dirname, 'read_ledger.py'), 'utf8');
  const { stdout } = await execa('docker', ['exec', '-i', gateway!.id, 'python3', '-c', program], {
    input: JSON.stringify({ since: 0, ...more }),
  });
  return JSON.parse(stdout) as Volume;
}

/** Reads the ledger once nothing is reserved, and no rows come any more. */
export async function settledLedger(stack: BudgetsStack): Promise<Volume> {
  let before = 0;
  for (let tries = 0; ; tries += 1) {
    const found = await readLedger(stack);
    const count = found.attempts.length + found.requests.length;
    if ((count === before && found.reservations.length === 0) || tries === 60) return found;
    before = count;
    await sleep(1000);
  }
}

/** The rows of the run's clients from a time on, in milliseconds since 1970. `up` sends a request of its own. */
export function rowsSince({ attempts, requests }: Ledger, since: number): Ledger {
  const isNew = (row: Row) => Number(row.started_at_us) >= since * 1000 && CLIENTS.has(String(row.key_alias));
  return { attempts: attempts.filter(isNew), requests: requests.filter(isNew) };
}

/** What the providers served, with the price of each call, as published. */
export async function servedOf(
  stack: BudgetsStack,
  received: readonly ReceivedRequest[],
  ofClient: (request: ReceivedRequest) => Pick<Served, 'clientPieces' | 'mayBeMissing'>,
): Promise<Served[]> {
  const planned = received.filter(({ ref }) => ref !== undefined);
  const { tokens = [], prices = {} } = await readLedger(stack, {
    texts: planned.map(promptOf),
    prices: true,
  });
  const catalogue = cataloguePrices();
  return planned.map((request, index) => {
    const { provider, model, path } = request;
    const chunks = Number(/#chunks=(\d+)/.exec(request.body)?.[1]);
    const name = PROVIDERS[provider] ?? provider;
    return {
      ...{ ref: request.ref!, provider: name, model: model!, key: keyOf(request), answer: request.answer },
      ...{ id: request.id!, usage: request.usage!, pieces: request.pieces! },
      wire: path.split('/').at(-1) as Served['wire'],
      promptTokens: tokens[index]!,
      textTokens: chunks * PIECE_TOKENS,
      prices: catalogue[`${provider}/${model}`] ?? prices[`${name}/${model}`] ?? prices[model!],
      ...ofClient(request),
    };
  });
}

/** The name of the key with which a provider was called. */
function keyOf({ headers }: ReceivedRequest): string {
  const value = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /i, '');
  return Object.keys(KEYS).find((name) => KEYS[name] === value) ?? 'unknown';
}

/** What the model reads of a request. */
function promptOf({ body }: ReceivedRequest): string {
  const { messages, input } = JSON.parse(body) as { messages?: unknown; input?: unknown };
  return textsIn(messages ?? input).join(' ');
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  const { content, text } = value as { content?: unknown; text?: unknown };
  return textsIn(content ?? text ?? '');
}

/** The prices that stand in the catalogue, by provider and model. */
function cataloguePrices(): Record<string, Prices> {
  const { models } = parse(fixture('catalog.yaml')) as {
    models: Record<string, { provider: string; model: string; cost?: { input: number; output: number } }>;
  };
  return Object.fromEntries(
    Object.values(models).flatMap(({ provider, model, cost }) =>
      cost === undefined
        ? []
        : [
            [
              `${provider}/${model}`,
              { input_cost_per_token: cost.input / 1e6, output_cost_per_token: cost.output / 1e6 },
            ],
          ],
    ),
  );
}
