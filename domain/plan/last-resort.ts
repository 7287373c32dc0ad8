/** Portkey as the last resort of the gateway's fallback chains. LiteLLM has no such provider, but Portkey speaks OpenAI's language. */
import type { Settings } from '../schema/settings-schema.ts';
import type { LeftOut, ServedModel } from './plan-types.ts';
import { noKey, type Remedy, setKeyCommand } from './remedy.ts';
import type { Catalog } from '../schema/catalog-schema.ts';

/** The alias of the last resort. */
export const PORTKEY_ALIAS = 'portkey-last-resort';

/** The name of the key by which the gateways ask the stack's own Portkey: generated, known to these two alone. */
export const PORTKEY_GATEWAY_KEY = 'PORTKEY_GATEWAY_KEY';

/** The stack's own Portkey as the gateways see it, on the stack's network. */
const LOCAL_URL = 'http://portkey:8787/v1';

/** The last resort, or why there is none though it is wished for; neither where nobody wants it. */
export interface LastResort {
  model?: ServedModel;
  leftOut?: LeftOut;
}

/**
 * The catalogue's first route of Portkey as a model.
 *
 * @param served the aliases that the stack serves: the targets that have a key.
 * @param url the address of Portkey's cloud.
 */
export function lastResort(
  catalog: Catalog,
  settings: Settings,
  keyNames: readonly string[],
  served: readonly ServedModel[],
  url: string | undefined,
): LastResort {
  const provider = catalog.providers.portkey;
  const [route, { targets } = { targets: [] }] = Object.entries(catalog.portkey?.routes ?? {})[0] ?? [];
  const { mode, lastResort: wanted, configs } = settings.portkey;
  if (!wanted || provider === undefined || route === undefined) return {};
  const missing = (remedy: Remedy): LastResort => ({
    leftOut: { model: PORTKEY_ALIAS, provider: 'portkey', ...remedy },
  });
  if (mode === 'local') {
    if (targets.some((alias) => served.some((model) => model.alias === alias)))
      return { model: model(catalog, route, PORTKEY_GATEWAY_KEY, { apiBase: LOCAL_URL }) };
    const first = catalog.providers[catalog.models[targets[0] ?? '']?.provider ?? '']?.key ?? provider.key;
    return missing({
      reason: `no target of Portkey's route ${route} has a key`,
      command: setKeyCommand(first, settings.stack),
    });
  }
  // Which mode and configs it needs is checked with the settings.
  const config = configs[route];
  if (mode !== 'cloud' || config === undefined || url === undefined) return {};
  if (!keyNames.includes(provider.key)) return missing(noKey(provider.key, settings.stack));
  return {
    model: model(catalog, route, provider.key, {
      apiBase: url,
      headers: { 'x-portkey-api-key': `os.environ/${provider.key}`, 'x-portkey-config': config },
    }),
  };
}

function model(
  { defaults: { timeout, maxParallel } }: Catalog,
  route: string,
  keyName: string,
  upstream: Pick<ServedModel, 'apiBase' | 'headers'>,
): ServedModel {
  return {
    alias: PORTKEY_ALIAS,
    provider: 'portkey',
    mode: 'chat',
    upstream: route,
    litellmModel: `openai/${route}`,
    deployments: [{ id: `${PORTKEY_ALIAS}@${keyName}`, keyName, order: 1 }],
    timeout,
    streamTimeout: timeout,
    maxParallel,
    ...upstream,
    priced: false,
  };
}
