/**
 * A stack from the client's point of view: which providers are enabled, with which address, models and headers. Only this module
 * converts catalogue, settings and keys into the input for rendering opencode's files.
 */
import type { Settings } from '../schema/settings-schema.ts';
import type { AgentsFile } from '../schema/agents-schema.ts';
import { configuredUrl } from '../plan/provider-address.ts';
import { GATEWAY, PORTKEY } from '../plan/lanes.ts';
import {
  type ClientKeys,
  type ClientModel,
  type ClientProvider,
  type ClientView,
  PORTKEY_KEY_FILE,
} from './opencode-files.ts';
import { opencodeAbilities } from './client-capabilities.ts';
import { PORTKEY_ALIAS } from '../plan/default-fallback.ts';
import type { Plan, ServedModel } from '../plan/plan-types.ts';
import { everyModel, localRoutes } from './portkey-routes.ts';
import { keyNotSet, type Unavailable } from '../plan/unavailable.ts';
import { type Catalog, MOCK_ALIAS } from '../schema/catalog-schema.ts';
import { NO_KEY, NO_KEY_VALUE } from '../schema/provider-key-names.ts';
import { DEFAULT_LIMIT } from '../plan/serving-plan.ts';

/** The inputs for a stack's client files. */
export interface ClientInputs {
  catalog: Catalog;
  settings: Settings;
  plan: Plan;
  /** The names of the provider keys that are set. */
  keyNames: readonly string[];
  /** The gateway's address: `http://127.0.0.1:4000`. */
  endpoint: string;
  agents: AgentsFile;
  /** config-templates/opencode.json, parsed. */
  template: Record<string, unknown>;
}

/**
 * The keys from which `auth.json` is rendered.
 *
 * @param providerKeys the providers' keys by name; only those that the settings give to clients are used.
 */
export function clientKeys(
  inputs: ClientInputs,
  masterKey: string,
  providerKeys: Readonly<Record<string, string>>,
): ClientKeys {
  const handedOut = directProviders(inputs).flatMap(({ id, keyName, off }) => {
    const own = keyName === undefined ? NO_KEY_VALUE : providerKeys[keyName];
    const key = off === undefined ? own : undefined;
    return key === undefined ? [] : [[id, key] as const];
  });
  return {
    masterKey,
    providerKeys: Object.fromEntries(handedOut),
    portkeyKey: portkeyKey(inputs, masterKey, providerKeys),
  };
}

/** The view from which `opencode.json` is rendered. */
export function clientView(inputs: ClientInputs): ClientView {
  const { catalog, settings, agents, template } = inputs;
  const lanes = catalog.client?.lanes ?? {};
  const providers = [gatewayProvider(inputs), portkeyProvider(inputs), ...directProviders(inputs)];
  return {
    stack: settings.stack,
    providers: providers.map((one) => ({ ...one, models: laneModelFirst(one, Object.values(lanes)) })),
    lanes,
    priority: catalog.client?.priority ?? [GATEWAY],
    agents: Object.entries(agents.agents).map(([name, agent]) => ({ name, ...agent })),
    template,
  };
}

/**
 * The provider's models with its default model first: the one that a lane names for this provider. If no lane names this provider and it is
 * called directly, it is the one that a lane names for the gateway.
 */
function laneModelFirst(
  provider: ClientProvider,
  lanes: readonly { provider: string; model: string }[],
): ClientModel[] {
  const namedFor = (id: string): string[] =>
    lanes.filter((lane) => lane.provider === id).map(({ model }) => model);
  const names = [...namedFor(provider.id), ...(provider.layer === 1 ? namedFor(GATEWAY) : [])];
  const first = provider.models.find(({ aliases }) => aliases.some((alias) => names.includes(alias)));
  return first === undefined
    ? [...provider.models]
    : [first, ...provider.models.filter((model) => model !== first)];
}

function gatewayProvider({ plan, endpoint }: ClientInputs): ClientProvider {
  const served = plan.served.filter(({ mode, alias }) => mode === 'chat' && alias !== PORTKEY_ALIAS);
  return {
    id: GATEWAY,
    layer: 2,
    title: 'LiteLLM gateway',
    npm: '@ai-sdk/openai-compatible',
    baseUrl: `${endpoint}/v1`,
    models: served.map((model) => describe(model, model.alias, [model.alias], '@ai-sdk/openai-compatible')),
    unavailable: Object.fromEntries(
      plan.unavailable.map(({ model, reason, command }) => [model, { reason, command }]),
    ),
  };
}

function directProviders(inputs: ClientInputs): ClientProvider[] {
  const { catalog, settings, keyNames } = inputs;
  const every = everyModel(inputs.catalog);
  return Object.entries(catalog.providers).flatMap(([name, provider]): ClientProvider[] => {
    if (provider.client === undefined || name === PORTKEY) return [];
    const models = new Map<string, ClientModel>();
    for (const model of every) {
      if (model.provider !== name || model.mode !== 'chat') continue;
      const aliases = [...(models.get(model.upstream)?.aliases ?? []), model.alias];
      models.set(model.upstream, describe(model, model.upstream, aliases, provider.client.package));
    }
    const { id, package: npm, purpose } = provider.client;
    const keyName = provider.key === NO_KEY ? undefined : provider.key;
    const base = {
      id,
      keyName,
      layer: 1 as const,
      npm,
      title: purpose ? `${provider.name}, ${purpose}` : provider.name,
    };
    const off = directOff(settings, name, keyName, keyNames);
    return [
      { ...base, off, baseUrl: clientUrl(settings, name, provider.baseUrl), models: [...models.values()] },
    ];
  });
}

function directOff(
  settings: Settings,
  provider: string,
  keyName: string | undefined,
  keyNames: readonly string[],
): ClientProvider['off'] {
  if (keyName !== undefined && !keyNames.includes(keyName)) return keyNotSet(keyName, settings.stack);
  const { direct } = settings.client;
  if (direct === 'all' || direct.includes(provider)) return undefined;
  const command = `pulumi config set --path 'client.direct[${direct.length}]' ${provider} --stack ${settings.stack}`;
  return { reason: 'not in client.direct', command };
}

function portkeyProvider(inputs: ClientInputs): ClientProvider {
  const { catalog, settings, endpoint } = inputs;
  const { mode } = settings.portkey;
  const cloud = clientUrl(
    settings,
    PORTKEY,
    catalog.providers[PORTKEY]?.baseUrl ?? 'https://api.portkey.ai/v1',
  );
  return {
    id: PORTKEY,
    layer: 3,
    title: 'Portkey',
    npm: portkeyPackage(catalog),
    // Portkey's auth proxy checks the master key and adds the routes, with their keys.
    baseUrl: mode === 'local' ? `${endpoint}/portkey/v1` : cloud,
    keyName: mode === 'cloud' ? catalog.providers[PORTKEY]?.key : undefined,
    off: portkeyOff(inputs),
    models: portkeyModels(inputs),
    unavailable: unavailableRoutes(inputs),
    // Only if the key's file is written: with a missing file every command of the client would fail.
    ...(mode === 'cloud' && hasPortkeyKey(inputs)
      ? { headers: { 'x-portkey-api-key': `{file:${PORTKEY_KEY_FILE}}` } }
      : {}),
  };
}

function portkeyOff(inputs: ClientInputs): ClientProvider['off'] {
  const { catalog, settings, keyNames } = inputs;
  const { stack } = settings;
  if (settings.portkey.mode === 'off') {
    return {
      reason: 'portkey.mode is off',
      command: `pulumi config set --path portkey.mode cloud --stack ${stack}`,
    };
  }
  if (settings.portkey.mode === 'cloud') {
    return hasPortkeyKey(inputs)
      ? undefined
      : keyNotSet(catalog.providers[PORTKEY]?.key ?? 'PORTKEY_API_KEY', stack);
  }
  if (localRoutes(catalog, keyNames).length > 0) return undefined;
  return { reason: 'no target of a Portkey route has a key', command: `./switchyard models ${stack}` };
}

function hasPortkeyKey({ catalog, keyNames }: ClientInputs): boolean {
  const name = catalog.providers[PORTKEY]?.key;
  return name !== undefined && keyNames.includes(name);
}

function portkeyKey(
  inputs: ClientInputs,
  masterKey: string,
  providerKeys: Readonly<Record<string, string>>,
): string | undefined {
  if (portkeyOff(inputs) !== undefined) return undefined;
  return inputs.settings.portkey.mode === 'local'
    ? masterKey
    : providerKeys[inputs.catalog.providers[PORTKEY]?.key ?? ''];
}

/**
 * The routes, then each of their targets as a model of its own. In Portkey's cloud a route is a saved config, selected by a header, and a
 * target is named `@provider/model`. In the stack's own Portkey both have their names in the catalogue.
 */
function portkeyModels(inputs: ClientInputs): ClientModel[] {
  const { catalog, settings, keyNames } = inputs;
  const every = new Map(everyModel(inputs.catalog).map((model) => [model.alias, model]));
  const { mode, configs } = settings.portkey;
  const routes = Object.entries(catalog.portkey?.routes ?? {});
  const served = mode === 'local' ? localRoutes(catalog, keyNames) : [];
  const models = routes.flatMap(([route, { targets, order }]): ClientModel[] => {
    if (mode === 'local' && !served.some(({ name }) => name === route)) return [];
    if (mode !== 'local' && configs[route] === undefined) return [];
    const limits = targets.flatMap((alias) => every.get(alias)?.limit ?? []);
    return [
      {
        id: route,
        name: `${route} (${order === 'price' ? 'the cheapest that answers' : 'the first that answers'})`,
        aliases: [route],
        // Any target may answer, so the lowest limits apply.
        limit: {
          context: Math.min(...limits.map(({ context }) => context), DEFAULT_LIMIT.context),
          output: Math.min(...limits.map(({ output }) => output), DEFAULT_LIMIT.output),
        },
        ...(configs[route] && mode === 'cloud' ? { headers: { 'x-portkey-config': configs[route] } } : {}),
      },
    ];
  });
  for (const alias of new Set(routes.flatMap(([, { targets }]) => targets))) {
    const model = every.get(alias);
    if (model === undefined || (mode === 'local' && !served.some(({ name }) => name === alias))) continue;
    const id = mode === 'local' ? alias : `@${model.provider}/${model.upstream}`;
    models.push(describe(model, id, [alias], portkeyPackage(catalog)));
  }
  return models;
}

/** The SDK package with which the client calls Portkey. */
function portkeyPackage(catalog: Catalog): string {
  return catalog.providers[PORTKEY]?.client?.package ?? '@ai-sdk/openai-compatible';
}

/** Routes of the catalogue that are not available yet. */
function unavailableRoutes({ catalog, settings, keyNames }: ClientInputs): Record<string, Unavailable> {
  const { mode, configs } = settings.portkey;
  const { stack } = settings;
  const served = localRoutes(catalog, keyNames).map(({ name }) => name);
  const why: Unavailable =
    mode === 'local'
      ? { reason: 'no target of this route has a key', command: `./switchyard models ${stack}` }
      : { reason: 'this route has no saved config yet', command: `./switchyard portkey ${stack}` };
  const names = Object.keys(catalog.portkey?.routes ?? {});
  const missing = names.filter((name) =>
    mode === 'local' ? !served.includes(name) : configs[name] === undefined,
  );
  return Object.fromEntries(missing.map((name) => [name, why]));
}

function describe(model: ServedModel, id: string, aliases: readonly string[], npm: string): ClientModel {
  const otherNames = [
    ...aliases.filter((alias) => alias !== id),
    ...(id === model.upstream ? [] : [model.upstream]),
  ];
  return {
    id,
    name: otherNames.length > 0 && model.provider !== MOCK_ALIAS ? `${id} (${otherNames.join(', ')})` : id,
    aliases,
    limit: model.limit ?? DEFAULT_LIMIT,
    ...(model.cost ? { cost: model.cost } : {}),
    ...opencodeAbilities(model.capabilities, npm),
  };
}

/** The address of a provider for clients. */
function clientUrl(settings: Settings, provider: string, defaultUrl: string): string {
  return configuredUrl(settings, provider, 'client') ?? defaultUrl;
}
