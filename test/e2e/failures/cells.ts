/** The cases of docs/failures.md: outcome x kind of alias x API. Each case has its own aliases, so that none affects another. */
import { PROVIDER_SPECIFIC, OUTCOMES, type Outcome } from './outcomes.ts';

/** What else can answer for an alias: a fallback, a second key, or nothing. */
export const KINDS = ['fallback', 'second key', 'single key'] as const;

/** The APIs. */
export const APIS = ['chat', 'responses', 'messages', 'embeddings'] as const;

/** One case, as run_cells.py reads it. */
export interface Cell {
  /** By this the seed selects cases, and results are stored. */
  id: string;
  outcome: Outcome;
  kind: (typeof KINDS)[number];
  api: (typeof APIS)[number];
  stream: boolean;
  /** The alias that is called, and the id of its model at the provider. */
  alias: string;
  /** The alias's fallback, which always answers. */
  fallback: string;
  /** LiteLLM's prefix for the provider. */
  prefix: string;
}

/** All cases. */
export function allCells(): Cell[] {
  const cells: Omit<Cell, 'id' | 'alias' | 'fallback'>[] = [];
  for (const outcome of OUTCOMES)
    for (const kind of KINDS)
      for (const api of APIS)
        for (const stream of [false, true]) {
          if ((api === 'embeddings' && stream) || (outcome.streamOnly && !stream)) continue;
          cells.push({ outcome, kind, api, stream, prefix: api === 'messages' ? 'anthropic' : 'openai' });
        }
  for (const outcome of PROVIDER_SPECIFIC)
    for (const kind of KINDS) {
      // The fake upstream cannot answer as Gemini.
      if (outcome.only === 'gemini' && kind === 'second key') continue;
      cells.push({ outcome, kind, api: 'chat', stream: false, prefix: outcome.only ?? '' });
    }
  return cells.map((cell, index) => ({
    ...cell,
    id: [cell.outcome.id, cell.kind, cell.api, ...(cell.stream ? ['stream'] : [])].join(' / '),
    alias: `c${index}`,
    fallback: `h${index}`,
  }));
}

/** The address of the fake upstream, and a closed port. run-cells.ts maps the name to the container itself. */
const OPEN = 'http://upstream:9000';
const CLOSED = 'http://upstream:9';

/** A catalogue that serves these cases, and the names of its keys. */
export function catalogueOf(cells: readonly Cell[]): { text: string; keys: string[] } {
  const providers = new Map<string, object>();
  const models: Record<string, object> = {};
  const fallbacks: Record<string, string[]> = {};
  const keys = new Set<string>();
  for (const cell of cells) {
    const secondKey = cell.kind === 'second key';
    const serve = (alias: string, { closed, two }: { closed: boolean; two: boolean }, larger: boolean) => {
      const name = `${cell.prefix.replace('_', '-')}-${closed ? 'closed' : 'open'}-${two ? 'two' : 'one'}`;
      const key = `${name.replace(/-/g, '').toUpperCase()}_API_KEY`;
      keys.add(key);
      if (two) keys.add(`${key}_2`);
      const base = `${closed ? CLOSED : OPEN}/${cell.prefix}`;
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
    serve(cell.alias, { closed: cell.outcome.effect === 'refuse', two: secondKey }, false);
    if (cell.kind !== 'fallback') continue;
    if (cell.prefix === 'gemini') serveFallback(cell);
    else serve(cell.fallback, { closed: false, two: false }, true);
    fallbacks[cell.alias] = [cell.fallback];
  }
  /** A fallback of another provider, because the fake upstream cannot answer as Gemini. */
  function serveFallback(cell: Cell): void {
    const { text, keys: more } = catalogueOf([
      { ...cell, kind: 'single key', prefix: 'openai', alias: cell.fallback },
    ]);
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
