/** What a stack will serve of the catalogue, under its settings and with the keys that are set. Pure. */
import type { Settings } from '../schema/settings-schema.ts';
import { gatewayAddress } from './provider-address.ts';
import { type LitellmFacts, litellmFacts, litellmName, priceMapEntry } from '../facts/litellm-facts.ts';
import { lastResort, PORTKEY_ALIAS } from './last-resort.ts';
import { litellmAddress } from '../facts/litellm-prefixes.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { noKey, setKeyCommand } from './remedy.ts';
import { type Catalog, MOCK_ALIAS, type Model, type Provider } from '../schema/catalog-schema.ts';
import { formatPath, type Source } from '../diagnostics/yaml-source.ts';
import type { ServedModel, LeftOut, Plan } from './plan-types.ts';
import { keyNamesOf } from '../schema/provider-key-names.ts';

/**
 * The limits in tokens of a model of which nobody states any; `output` also where only the answer's length is unknown. A provider refuses
 * every request that asks for a longer answer than its model gives, while a limit that is too low cuts only answers beyond it: so the
 * lower one of what current models give. `limit` in the catalogue states another.
 */
export const UNSTATED_LIMIT: { readonly context: number; readonly output: number } = {
  context: 128_000,
  output: 16_384,
};

/**
 * Chooses what is served: models whose provider has a key, one deployment per key, chains without the hops that have none.
 *
 * @param keyNames the names of the keys that are set, further ones (`…_2`) included.
 * @param source the catalogue's text, for the places in warnings.
 */
export function planModels(
  catalog: Catalog,
  settings: Settings,
  keyNames: readonly string[],
  { facts = litellmFacts, source }: { facts?: LitellmFacts; source?: Source } = {},
): Plan {
  const served: ServedModel[] = [];
  const leftOut: LeftOut[] = [];
  for (const [alias, model] of Object.entries(catalog.models)) {
    const provider = catalog.providers[model.provider];
    const name = litellmName(catalog, model);
    if (provider === undefined || name === undefined) continue;
    const keys = keyNamesOf(provider.key).filter((one) => keyNames.includes(one));
    if (keys.length > 0) served.push(serve(alias, model, provider, name, keys));
    else leftOut.push(leaveOut(alias, model.provider, provider.key, settings.stack));
  }
  if (settings.mock) served.push(mockModel(catalog));
  const cloud = catalog.providers.portkey && gatewayAddress(settings, 'portkey', catalog.providers.portkey);
  const last = lastResort(catalog, settings, keyNames, served, cloud);
  if (last.model) served.push(last.model);
  if (last.leftOut) leftOut.push(last.leftOut);
  const { fallbacks, warnings } = planFallbacks(catalog, served, {
    portkey: last.model !== undefined,
    source,
    settings,
  });
  const { routing, limits, cache } = catalog;
  return { served, leftOut, fallbacks, warnings, routing, limits, cache };

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
      (known?.context
        ? { context: known.context, output: known.answer ?? Math.min(known.context, UNSTATED_LIMIT.output) }
        : undefined);
    const cost =
      model.cost ??
      (known?.input === undefined ? undefined : { input: known.input, output: known.output ?? 0 });
    return {
      alias,
      provider: model.provider,
      mode: model.mode,
      upstream: model.model,
      litellmModel,
      deployments: keys.map((keyName, index) => ({ id: `${alias}@${keyName}`, keyName, order: index + 1 })),
      timeout,
      streamTimeout: model.streamTimeout ?? timeout,
      maxParallel: model.maxParallel ?? catalog.defaults.maxParallel,
      apiBase,
      ...(limit ? { limit } : {}),
      ...(cost ? { cost } : {}),
      priced: model.cost === undefined && known?.input !== undefined,
    };
  }
}

function leaveOut(alias: string, provider: string, key: string, stack: string): LeftOut {
  return { model: alias, provider, ...noKey(key, stack) };
}

/** A closed port: LiteLLM would ask OpenAI to count a prompt's tokens, also for a model that only pretends to be OpenAI's. */
const NOWHERE = 'http://127.0.0.1:9';

/** The answer without any account. */
function mockModel(catalog: Catalog): ServedModel {
  const { timeout, maxParallel } = catalog.defaults;
  return {
    alias: MOCK_ALIAS,
    provider: MOCK_ALIAS,
    mode: 'chat',
    upstream: MOCK_ALIAS,
    litellmModel: `openai/${MOCK_ALIAS}`,
    deployments: [{ id: MOCK_ALIAS, order: 1 }],
    apiBase: NOWHERE,
    timeout,
    streamTimeout: timeout,
    maxParallel,
    limit: { ...UNSTATED_LIMIT },
    cost: { input: 0, output: 0 },
    priced: true,
  };
}

/** The chains without the hops that are not served, each of which is named. */
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
      const message = `${alias} does without its fallback ${hop}: ${key} is not set`;
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
