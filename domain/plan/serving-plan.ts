/** Plans what a stack serves: the models of the catalogue whose provider has a key or needs none, under the stack's settings. Pure. */
import type { Settings } from '../schema/settings-schema.ts';
import { gatewayAddress } from './provider-address.ts';
import {
  type LitellmFacts,
  litellmFacts,
  litellmName,
  modelPrice,
  priceMapEntry,
} from '../facts/litellm-facts.ts';
import { defaultFallback, PORTKEY_ALIAS } from './default-fallback.ts';
import { litellmAddress } from '../facts/litellm-prefixes.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { keyNotSet, setKeyCommand } from './unavailable.ts';
import { type Catalog, MOCK_ALIAS, type Model, type Provider } from '../schema/catalog-schema.ts';
import { formatPath } from '../diagnostics/yaml-path.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import type { ServedModel, UnavailableModel, Plan } from './plan-types.ts';
import { keyNamesOf, NO_KEY } from '../schema/provider-key-names.ts';

/**
 * Token limits for models whose limits are unknown. `output` also applies to models of which only `context` is known. These are the lowest
 * limits among current models: a limit that is too high makes the provider reject every request, one that is too low only cuts long answers.
 * `limit` in the catalogue overrides them.
 */
export const DEFAULT_LIMIT: { readonly context: number; readonly output: number } = {
  context: 128_000,
  output: 16_384,
};

/**
 * Chooses what is served: models whose provider has a key or needs none, with one deployment per key. Fallbacks without a key are dropped.
 *
 * @param keyNames the names of the keys that are set, including additional ones (`…_2`).
 * @param source the catalogue's text, for line and column in warnings.
 */
export function planModels(
  catalog: Catalog,
  settings: Settings,
  keyNames: readonly string[],
  { facts = litellmFacts, source }: { facts?: LitellmFacts; source?: Source } = {},
): Plan {
  const served: ServedModel[] = [];
  const unavailable: UnavailableModel[] = [];
  for (const [alias, model] of Object.entries(catalog.models)) {
    const provider = catalog.providers[model.provider];
    const name = litellmName(catalog, model);
    if (provider === undefined || name === undefined) continue;
    const keys = keyNamesOf(provider.key).filter((one) => keyNames.includes(one));
    if (keys.length > 0 || provider.key === NO_KEY) served.push(serve(alias, model, provider, name, keys));
    else
      unavailable.push({
        model: alias,
        provider: model.provider,
        ...keyNotSet(provider.key, settings.stack),
      });
  }
  if (settings.mock) served.push(mockModel(catalog));
  const cloud = catalog.providers.portkey && gatewayAddress(settings, 'portkey', catalog.providers.portkey);
  const fallback = defaultFallback(catalog, settings, keyNames, served, cloud);
  if (fallback.model) served.push(fallback.model);
  if (fallback.unavailable) unavailable.push(fallback.unavailable);
  const { fallbacks, warnings } = planFallbacks(catalog, served, {
    portkey: fallback.model !== undefined,
    source,
    settings,
  });
  const { routing, limits, cache } = catalog;
  return { served, unavailable, fallbacks, warnings, routing, limits, cache };

  function serve(
    alias: string,
    model: Model,
    provider: Provider,
    litellmModel: string,
    keys: string[],
  ): ServedModel {
    const known = priceMapEntry(catalog, model, facts);
    const timeout = model.timeout ?? catalog.defaults.timeout;
    const apiBase = litellmAddress(provider.litellm, gatewayAddress(settings, model.provider, provider));
    const limit =
      model.limit ??
      (known?.maxInputTokens
        ? {
            context: known.maxInputTokens,
            output: known.maxOutputTokens ?? Math.min(known.maxInputTokens, DEFAULT_LIMIT.output),
          }
        : undefined);
    const cost = modelPrice(catalog, model, facts);
    const capabilities = model.capabilities ?? known?.capabilities;
    return {
      alias,
      provider: model.provider,
      mode: model.mode,
      upstream: model.model,
      litellmModel,
      deployments:
        keys.length === 0
          ? [{ id: alias, order: 1 }]
          : keys.map((keyName, index) => ({ id: `${alias}@${keyName}`, keyName, order: index + 1 })),
      timeout,
      streamTimeout: model.streamTimeout ?? timeout,
      maxParallel: model.maxParallel ?? catalog.defaults.maxParallel,
      apiBase,
      ...(limit ? { limit } : {}),
      ...(cost ? { cost } : {}),
      ...(capabilities ? { capabilities } : {}),
      priced: model.cost === undefined && known?.input !== undefined,
    };
  }
}

/**
 * A closed port, as the mock's address. The mock has LiteLLM's prefix `openai/`, and without an address LiteLLM would send its prompts to
 * OpenAI to count their tokens.
 */
const CLOSED_PORT_URL = 'http://127.0.0.1:9';

/** The mock: it answers without an account at any provider. */
function mockModel(catalog: Catalog): ServedModel {
  const { timeout, maxParallel } = catalog.defaults;
  return {
    alias: MOCK_ALIAS,
    provider: MOCK_ALIAS,
    mode: 'chat',
    upstream: MOCK_ALIAS,
    litellmModel: `openai/${MOCK_ALIAS}`,
    deployments: [{ id: MOCK_ALIAS, order: 1 }],
    apiBase: CLOSED_PORT_URL,
    timeout,
    streamTimeout: timeout,
    maxParallel,
    limit: { ...DEFAULT_LIMIT },
    cost: { input: 0, output: 0 },
    priced: true,
  };
}

/** The fallback chains without models that are not served, and a warning for each model that is dropped. */
function planFallbacks(
  catalog: Catalog,
  served: readonly ServedModel[],
  { portkey, source, settings }: { portkey: boolean; source: Source | undefined; settings: Settings },
) {
  const modes = new Map(served.map(({ alias, mode }) => [alias, mode]));
  const fallbacks: Record<string, string[]> = {};
  const warnings: Problem[] = [];
  for (const [alias, chain] of Object.entries(catalog.fallbacks)) {
    if (!modes.has(alias)) continue;
    chain.forEach((hop, index) => {
      if (modes.has(hop)) return;
      const key = catalog.providers[catalog.models[hop]?.provider ?? '']?.key ?? 'its key';
      const path = ['fallbacks', alias, index];
      const message = `the fallback ${hop} of ${alias} is dropped: ${key} is not set`;
      const fix = setKeyCommand(key, settings.stack);
      warnings.push(
        source?.problem(path, message, { severity: 'warning', value: true, fix }) ?? {
          severity: 'warning',
          file: 'config-templates/catalog.yaml',
          path: formatPath(path),
          message,
          fix,
        },
      );
    });
    fallbacks[alias] = chain.filter((hop) => modes.has(hop));
  }
  if (portkey) {
    for (const { alias, mode, provider } of served) {
      if (mode === 'chat' && provider !== MOCK_ALIAS && alias !== PORTKEY_ALIAS)
        (fallbacks[alias] ??= []).push(PORTKEY_ALIAS);
    }
  }
  return {
    fallbacks: Object.fromEntries(Object.entries(fallbacks).filter(([, chain]) => chain.length > 0)),
    warnings,
  };
}
