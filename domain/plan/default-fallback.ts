/** Portkey as the default fallback: the last hop of every fallback chain. LiteLLM has no Portkey provider, but Portkey has OpenAI's API. */
import type { Settings } from '../schema/settings-schema.ts';
import type { UnavailableModel, ServedModel } from './plan-types.ts';
import { keyNotSet, type Unavailable, setKeyCommand } from './unavailable.ts';
import type { Catalog } from '../schema/catalog-schema.ts';

/** The alias of the default fallback. An old name: deployed stacks use it, and clients see it in response headers. */
export const PORTKEY_ALIAS = 'portkey-last-resort';

/** The name of the key that the gateways send to the stack's own Portkey. It is generated, and no client gets it. */
export const PORTKEY_GATEWAY_KEY = 'PORTKEY_GATEWAY_KEY';

/** The stack's own Portkey as the gateways see it, on the stack's network. */
const LOCAL_URL = 'http://portkey:8787/v1';

/** The default fallback, or why it is unavailable although configured. Empty where it is not configured. */
export interface DefaultFallback {
  model?: ServedModel;
  unavailable?: UnavailableModel;
}

/**
 * The catalogue's first Portkey route as a model.
 *
 * @param served the aliases that the stack serves: a target of the route has a key if it is among them.
 * @param url the address of Portkey's cloud.
 */
export function defaultFallback(
  catalog: Catalog,
  settings: Settings,
  keyNames: readonly string[],
  served: readonly ServedModel[],
  url: string | undefined,
): DefaultFallback {
  const provider = catalog.providers.portkey;
  const [route, { targets } = { targets: [] }] = Object.entries(catalog.portkey?.routes ?? {})[0] ?? [];
  const { mode, defaultFallback: configured, configs } = settings.portkey;
  if (!configured || provider === undefined || route === undefined) return {};
  const isUnavailable = (why: Unavailable): DefaultFallback => ({
    unavailable: { model: PORTKEY_ALIAS, provider: 'portkey', ...why },
  });
  if (mode === 'local') {
    if (targets.some((alias) => served.some((model) => model.alias === alias)))
      return { model: model(catalog, route, PORTKEY_GATEWAY_KEY, { apiBase: LOCAL_URL }) };
    const first = catalog.providers[catalog.models[targets[0] ?? '']?.provider ?? '']?.key ?? provider.key;
    return isUnavailable({
      reason: `no target of Portkey's route ${route} has a key`,
      command: setKeyCommand(first, settings.stack),
    });
  }
  // `checkSettings` has already reported a missing mode or saved config.
  const config = configs[route];
  if (mode !== 'cloud' || config === undefined || url === undefined) return {};
  if (!keyNames.includes(provider.key)) return isUnavailable(keyNotSet(provider.key, settings.stack));
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
