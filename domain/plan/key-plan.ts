/** The virtual keys of a stack: what the settings say about each, with its models resolved. Pure. */
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Settings } from '../schema/settings-schema.ts';

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
}

/** The virtual keys, sorted by name. */
export function virtualKeys(settings: Settings, catalog: Catalog): VirtualKey[] {
  return Object.entries(settings.keys)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([alias, { generation, previousUntil, expires, models, lanes }]) => ({
      alias,
      generation,
      ...(previousUntil === undefined ? {} : { previousUntil }),
      ...(expires === undefined ? {} : { expires }),
      ...(models === undefined && lanes === undefined
        ? {}
        : { models: [...new Set([...(models ?? []), ...modelsOfLanes(lanes ?? [], catalog)])].sort() }),
    }));
}

function modelsOfLanes(names: readonly string[], catalog: Catalog): string[] {
  return names.flatMap((name) => catalog.client?.lanes[name]?.model ?? []);
}
