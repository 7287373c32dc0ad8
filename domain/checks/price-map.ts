/** Checks the catalogue's models against the price map of the pinned LiteLLM. */
import { type LitellmFacts, litellmFacts, litellmName, priceMapEntry } from '../facts/litellm-facts.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Catalog, Model } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean } from '../diagnostics/suggest.ts';

/** Every model must be in the price map with the mode of its catalogue entry, or have a reason why it is not there (`notInPriceMap`). */
export function checkPriceMap(
  catalog: Catalog,
  source: Source,
  facts: LitellmFacts = litellmFacts,
): Problem[] {
  return Object.entries(catalog.models).flatMap(([alias, model]) => {
    const entry = priceMapEntry(catalog, model, facts);
    if (entry === undefined)
      return model.notInPriceMap === undefined ? notFound(catalog, alias, model, source, facts) : [];
    if (model.notInPriceMap !== undefined) {
      const message = `LiteLLM ${facts.version}'s price map has ${model.model}: remove this line`;
      return [source.problem(['models', alias, 'notInPriceMap'], message)];
    }
    if ((entry.mode === 'embedding') === (model.mode === 'embedding')) return [];
    const message = `${model.model} is for ${entry.mode}, this says ${model.mode}`;
    return [source.problem(['models', alias, 'mode'], message, { value: true })];
  });
}

function notFound(
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
  const message = `LiteLLM ${facts.version}'s price map does not have ${name}${hint}`;
  const fix = `if the name is right, add the reason: "notInPriceMap: <reason>" in models.${alias}`;
  return [source.problem(['models', alias, 'model'], message, { value: true, fix })];
}
