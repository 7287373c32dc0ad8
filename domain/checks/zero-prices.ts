/** Checks whether prices of zero are meant: under a budget, what costs nothing is never refused. */
import type { Problem } from '../diagnostics/problems.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import { NO_KEY } from '../schema/provider-key-names.ts';

/**
 * A warning for each price of zero at a provider with a key. Exempt are models that the provider itself calls free (`…:free`), and the output
 * of embeddings.
 */
export function checkZeroPrices({ models, providers }: Catalog, source: Source): Problem[] {
  return Object.entries(models).flatMap(([alias, { cost, model, mode, provider }]) => {
    const key = Object.hasOwn(providers, provider) ? providers[provider]?.key : undefined;
    if (cost === undefined || key === undefined || key === NO_KEY || model.endsWith(':free')) return [];
    const sides = mode === 'embedding' ? (['input'] as const) : (['input', 'output'] as const);
    return sides
      .filter((side) => cost[side] === 0)
      .map((side) =>
        source.problem(
          ['models', alias, 'cost', side],
          `a price of 0 at a provider with a key: no budget would count it`,
          { severity: 'warning', value: true, fix: 'write the price in US dollars per million tokens' },
        ),
      );
  });
}
