/** Holds the catalogue's models against the price map of the pinned LiteLLM. */
import { type LitellmFacts, litellmFacts, litellmName, priceMapEntry } from '../facts/litellm-facts.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Catalog, Model } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean } from '../diagnostics/suggest.ts';

/** Every model must be known to the price map, for what its catalogue entry says it does, or be unknown with a reason. */
export function checkPriceMap(
  catalog: Catalog,
  source: Source,
  facts: LitellmFacts = litellmFacts,
): Problem[] {
  return Object.entries(catalog.models).flatMap(([alias, model]) => {
    const entry = priceMapEntry(catalog, model, facts);
    if (entry === undefined)
      return model.unknown === undefined ? unknown(catalog, alias, model, source, facts) : [];
    if (model.unknown !== undefined) {
      const message = `LiteLLM ${facts.version}'s price map does know ${model.model}: take this line out`;
      return [source.problem(['models', alias, 'unknown'], message)];
    }
    if ((entry.mode === 'embedding') === (model.mode === 'embedding')) return [];
    const message = `${model.model} is for ${entry.mode}, this says ${model.mode}`;
    return [source.problem(['models', alias, 'mode'], message, { value: true })];
  });
}

function unknown(
  catalog: Catalog,
  alias: string,
  model: Model,
  source: Source,
  facts: LitellmFacts,
): Problem[] {
  const name = litellmName(catalog, model);
  if (name === undefined) return [];
  const prefix = name.slice(0, name.length - model.model.length);
  const siblings = Object.keys(facts.models)
    .filter((id) => id.startsWith(prefix))
    .map((id) => id.slice(prefix.length));
  const hint = didYouMean(model.model, siblings);
  const message = `LiteLLM ${facts.version}'s price map knows no ${name}${hint}`;
  const fix = `if it is right, say why: add "unknown: <reason>" to models.${alias}`;
  return [source.problem(['models', alias, 'model'], message, { value: true, fix })];
}
