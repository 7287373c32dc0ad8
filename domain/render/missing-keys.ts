/** Renders the file by which gateways know which models of the catalogue they do not serve, and why. Pure. */
import type { Catalog } from '../schema/catalog-schema.ts';

/**
 * The content of missing-keys.json: by alias, the name of the key that is not set. Names only, and sorted, so that the same models give the
 * same file.
 *
 * @param unavailable what the plan does not serve. Portkey as the default fallback is no model of the catalogue.
 */
export function missingKeys(
  { models, providers }: Pick<Catalog, 'models' | 'providers'>,
  unavailable: readonly { model: string }[],
): Record<string, string> {
  const found = unavailable.flatMap(({ model }) => {
    const key = providers[models[model]?.provider ?? '']?.key;
    return key === undefined ? [] : [[model, key] as const];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
