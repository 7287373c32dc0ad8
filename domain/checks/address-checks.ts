/** Rejects providers and models for which LiteLLM may call an address that is not in the catalogue. */
import { LITELLM_PREFIXES } from '../facts/litellm-prefixes.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';

/** The prefixes for OpenAI-compatible APIs. */
const ANY_API = 'for an OpenAI-compatible API: "litellm: openai", or hosted_vllm';

/** Errors about all providers and models whose requests might go to another address. */
export function checkAddresses(catalog: Catalog, source: Source): Problem[] {
  return [...checkPrefixes(catalog, source), ...checkModelAddresses(catalog, source)];
}

function checkPrefixes({ providers }: Catalog, source: Source): Problem[] {
  const allowed = [...LITELLM_PREFIXES.keys()];
  return Object.entries(providers).flatMap(([id, { litellm }]) => {
    if (litellm === undefined || LITELLM_PREFIXES.has(litellm)) return [];
    const hint = didYouMean(litellm, allowed) || ';';
    const message = `the prefix "${litellm}" is not verified to call only baseUrl${hint} allowed: ${listNames(allowed)}`;
    return [source.problem(['providers', id, 'litellm'], message, { value: true, fix: ANY_API })];
  });
}

function checkModelAddresses({ providers, models }: Catalog, source: Source): Problem[] {
  return Object.entries(models).flatMap(([alias, { provider, model, mode }]) => {
    const prefix = Object.hasOwn(providers, provider) ? providers[provider]?.litellm : undefined;
    const modes = prefix === undefined ? undefined : LITELLM_PREFIXES.get(prefix);
    const wrong = (key: string, message: string, fix?: string) =>
      source.problem(['models', alias, key], message, { value: true, ...(fix ? { fix } : {}) });
    const problems: Problem[] = [];
    if (model.includes('://')) {
      // LiteLLM's huggingface would use such a model id as the address to call.
      problems.push(
        wrong('model', "a model id cannot be an address; set the provider's baseUrl or gatewayBaseUrl"),
      );
    }
    if (modes !== undefined && !modes.includes(mode)) {
      const message = `with the prefix "${prefix}" LiteLLM does not serve ${mode} at the configured address; allowed: ${modes.join(', ')}`;
      problems.push(wrong('mode', message, ANY_API));
    }
    return problems;
  });
}
