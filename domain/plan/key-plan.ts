/** The virtual keys of a stack: what the settings say about each, with its models resolved. Pure. */
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Settings } from '../schema/settings-schema.ts';

/** The key that every stack has, whether or not the settings mention it: `connect` writes it into the clients' files. */
export const DEFAULT_KEY = 'default';

/** The name that stands for the master key where an alias can be given. No virtual key can have it. */
export const MASTER_KEY_NAME = 'master';

/** A virtual key. */
export interface VirtualKey {
  /** Its name in the settings. */
  alias: string;
  /** Its value is another one with another number. */
  generation: number;
  /** Until when the previous value is accepted: ISO 8601; absent if it is not. */
  previousUntil?: string;
  /** From when it is refused: ISO 8601; absent if it does not expire. */
  expires?: string;
  /** The aliases that it may use, sorted; absent if it may use all. Aliases that are not served yet are included. */
  models?: string[];
  /** Whether it has a budget or a rate limit: only gateways know them, so nothing else accepts it. */
  limited: boolean;
}

/** The virtual keys, sorted by name. `default` is among them in any case. */
export function virtualKeys({ keys }: Pick<Settings, 'keys'>, catalog: Catalog): VirtualKey[] {
  const all: Settings['keys'] = { [DEFAULT_KEY]: { generation: 1 }, ...keys };
  return Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([alias, { generation, previousUntil, expires, models, lanes, ...limits }]) => ({
      alias,
      generation,
      limited: isLimited(limits),
      ...(previousUntil === undefined ? {} : { previousUntil }),
      ...(expires === undefined ? {} : { expires }),
      ...(models === undefined && lanes === undefined
        ? {}
        : { models: [...new Set([...(models ?? []), ...modelsOfLanes(lanes ?? [], catalog)])].sort() }),
    }));
}

function isLimited({
  budget,
  requestsPerMinute,
  tokensPerMinute,
  parallelRequests,
}: Omit<Settings['keys'][string], 'generation'>): boolean {
  return [budget, requestsPerMinute, tokensPerMinute, parallelRequests].some((limit) => limit !== undefined);
}

function modelsOfLanes(names: readonly string[], catalog: Catalog): string[] {
  return names.flatMap((name) => catalog.client?.lanes[name]?.model ?? []);
}
