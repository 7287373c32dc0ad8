/** The cells of docs/failures.md: outcome x kind of alias x API. Each has aliases of its own, so that none disturbs another. */
import { OF_ONE_MAKER, OUTCOMES, type Outcome } from './outcomes.ts';

/** What stands behind an alias: a chain with one hop, a second key, or nothing. */
export const KINDS = ['chain', 'second key', 'alone'] as const;

/** How a client asks. */
export const APIS = ['chat', 'responses', 'messages', 'embeddings'] as const;

/** One cell, as run_cells.py reads it. */
export interface Cell {
  /** What the seed chooses by, and the results are filed under. */
  id: string;
  outcome: Outcome;
  kind: (typeof KINDS)[number];
  api: (typeof APIS)[number];
  stream: boolean;
  /** The alias that is asked, and the id of its model at the provider. */
  alias: string;
  /** The alias in its chain, which always answers. */
  hop: string;
  /** LiteLLM's prefix of the provider. */
  prefix: string;
}

/** All cells. */
export function allCells(): Cell[] {
  const cells: Omit<Cell, 'id' | 'alias' | 'hop'>[] = [];
  for (const outcome of OUTCOMES)
    for (const kind of KINDS)
      for (const api of APIS)
        for (const stream of [false, true]) {
          if ((api === 'embeddings' && stream) || (outcome.streamOnly && !stream)) continue;
          cells.push({ outcome, kind, api, stream, prefix: api === 'messages' ? 'anthropic' : 'openai' });
        }
  for (const outcome of OF_ONE_MAKER)
    for (const kind of KINDS) {
      // The stand-in has no Gemini that answers.
      if (outcome.only === 'gemini' && kind === 'second key') continue;
      cells.push({ outcome, kind, api: 'chat', stream: false, prefix: outcome.only ?? '' });
    }
  return cells.map((cell, index) => ({
    ...cell,
    id: [cell.outcome.id, cell.kind, cell.api, ...(cell.stream ? ['stream'] : [])].join(' / '),
    alias: `c${index}`,
    hop: `h${index}`,
  }));
}

/** Where the stand-in listens; nobody listens at the other. */
const THERE = 'http://127.0.0.1:9000';
const CLOSED = 'http://127.0.0.1:9';

/** A catalogue that serves these cells, and the names of its keys. */
export function catalogueOf(cells: readonly Cell[]): { text: string; keys: string[] } {
  const providers = new Map<string, object>();
  const models: Record<string, object> = {};
  const fallbacks: Record<string, string[]> = {};
  const keys = new Set<string>();
  for (const cell of cells) {
    const twice = cell.kind === 'second key';
    const serve = (alias: string, { closed, two }: { closed: boolean; two: boolean }, larger: boolean) => {
      const name = `${cell.prefix.replace('_', '-')}-${closed ? 'closed' : 'there'}-${two ? 'two' : 'one'}`;
      const key = `${name.replace(/-/g, '').toUpperCase()}_API_KEY`;
      keys.add(key);
      if (two) keys.add(`${key}_2`);
      const base = `${closed ? CLOSED : THERE}/${cell.prefix}`;
      providers.set(name, {
        ...{ name, key, keyPattern: 'value-of-[A-Z0-9_]{8,}', litellm: cell.prefix },
        baseUrl: ['anthropic', 'gemini'].includes(cell.prefix) ? base : `${base}/v1`,
      });
      models[alias] = {
        ...{
          provider: name,
          model: alias,
          mode: cell.api === 'embeddings' ? 'embedding' : 'chat',
          notInPriceMap: 'made up',
        },
        ...{
          timeout: cell.outcome.effect === 'hang' ? 3 : 60,
          limit: { context: larger ? 200_000 : 8, output: 8 },
        },
      };
    };
    serve(cell.alias, { closed: cell.outcome.effect === 'refuse', two: twice }, false);
    if (cell.kind !== 'chain') continue;
    if (cell.prefix === 'gemini') serveHop(cell);
    else serve(cell.hop, { closed: false, two: false }, true);
    fallbacks[cell.alias] = [cell.hop];
  }
  /** The stand-in has no Gemini that answers. */
  function serveHop(cell: Cell): void {
    const { text, keys: more } = catalogueOf([{ ...cell, kind: 'alone', prefix: 'openai', alias: cell.hop }]);
    const made = JSON.parse(text) as { providers: Record<string, object>; models: Record<string, object> };
    for (const [name, provider] of Object.entries(made.providers)) providers.set(name, provider);
    Object.assign(models, made.models);
    for (const key of more) keys.add(key);
  }
  const text = JSON.stringify({
    providers: Object.fromEntries(providers),
    models,
    fallbacks,
    cache: { enabled: false },
  });
  return { text, keys: [...keys] };
}
