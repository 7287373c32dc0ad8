/** Rejects addresses that cannot work from a container, and providers and models for which LiteLLM may call another address. */
import { addressFromContainer } from '../plan/host-address.ts';
import { PORTKEY } from '../plan/lanes.ts';
import { LITELLM_PREFIXES } from '../facts/litellm-prefixes.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Catalog, Provider } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';

/** The prefixes for OpenAI-compatible APIs. */
const ANY_API = 'for an OpenAI-compatible API: "litellm: openai", or hosted_vllm';

/** Errors about all providers and models whose requests might go to another address, or to the container itself. */
export function checkAddresses(catalog: Catalog, source: Source): Problem[] {
  return [
    ...checkPrefixes(catalog, source),
    ...checkModelAddresses(catalog, source),
    ...Object.entries(catalog.providers).flatMap(([id, provider]) => checkHost(id, provider, source)),
  ];
}

/** What the server itself needs, for the messages about addresses. */
export const LISTEN = 'the server must accept connections from containers: see docs/local-models.md';

/** Why an address does not work. */
export function unreachable(address: string, instead: string): string {
  return `in a container ${new URL(address).hostname} is the container itself, not this machine; allowed: ${instead}`;
}

function checkHost(id: string, provider: Provider, source: Source): Problem[] {
  const { baseUrl, gatewayBaseUrl, client, litellm, portkey } = provider;
  if (litellm === undefined && portkey === undefined && id !== PORTKEY) return [];
  const instead = addressFromContainer(gatewayBaseUrl ?? baseUrl);
  if (instead === undefined) return [];
  const isShared = gatewayBaseUrl === undefined && client !== undefined;
  const fix = isShared
    ? `keep this address for clients, and add "gatewayBaseUrl: ${instead}"; ${LISTEN}`
    : LISTEN;
  const key = gatewayBaseUrl === undefined ? 'baseUrl' : 'gatewayBaseUrl';
  return [
    source.problem(['providers', id, key], unreachable(gatewayBaseUrl ?? baseUrl, instead), {
      value: true,
      fix,
    }),
  ];
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
