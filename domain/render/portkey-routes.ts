/**
 * Renders Portkey's routing from the catalogue. Routes such as `auto` (the first target that answers) and `cheapest-available` (the cheapest
 * that answers) are not models in Portkey, but configs. Pure.
 */
import { type Settings, settingsSchema } from '../schema/settings-schema.ts';
import { gatewayAddress } from '../plan/provider-address.ts';
import { planModels } from '../plan/serving-plan.ts';
import type { ServedModel } from '../plan/plan-types.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import { firstKeys, NO_KEY_VALUE } from '../schema/provider-key-names.ts';

/** Statuses after which the next target is tried: errors of the target, not of the request. */
const FALLBACK_CODES = [401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504, 529];

/** A target as Portkey's config describes it. */
export interface PortkeyTarget {
  name?: string;
  /** Portkey's name for the provider; in the cloud `@` and the name under which its key is stored there. */
  provider?: string;
  api_key?: string;
  custom_host?: string;
  override_params?: { model: string };
  /** Milliseconds until it counts as failed, with 408, if no headers of a response have come. */
  request_timeout?: number;
  strategy?: PortkeyStrategy;
  targets?: PortkeyTarget[];
}

/** How Portkey chooses among targets. */
export type PortkeyStrategy =
  | { mode: 'fallback'; on_status_codes: number[] }
  | { mode: 'conditional'; conditions: { query: Record<string, { $eq: string }>; then: string }[] };

/** A config of Portkey. */
export interface PortkeyConfig {
  strategy: PortkeyStrategy;
  targets: PortkeyTarget[];
}

/** The file of the stack's own Portkey: the config, and limits for the auth proxy in front of it. */
export interface LocalPortkeyConfig extends PortkeyConfig {
  limits: {
    /** Seconds that an upstream may be silent. */
    requestTimeout: number;
    /** The largest request, in MiB. */
    maxBodyMb: number;
  };
}

/** A name that Portkey serves, and the aliases that it tries, in their order. */
export interface PortkeyRouteView {
  name: string;
  targets: ServedModel[];
}

/**
 * The routes of the catalogue with their targets in order.
 *
 * @param keyNames the keys that are set; if given, targets without a key are left out.
 */
export function routes(catalog: Catalog, keyNames?: readonly string[]): PortkeyRouteView[] {
  const models = everyModel(catalog, keyNames);
  return Object.entries(catalog.portkey?.routes ?? {}).map(([name, { order, targets }]) => {
    const found = targets.flatMap((alias) => models.find((model) => model.alias === alias) ?? []);
    return { name, targets: order === 'price' ? found.toSorted(byPrice) : found };
  });
}

/** Every alias with its limits and prices; with `keyNames`, only those that have a key. Independent of the settings. */
export function everyModel(catalog: Catalog, keyNames?: readonly string[]): ServedModel[] {
  return planModels(catalog, DEFAULT_SETTINGS, keyNames ?? firstKeys(catalog.providers)).served;
}

/** Default settings for planning: the limits and prices of models do not depend on a stack's settings. */
const DEFAULT_SETTINGS: Settings = {
  ...settingsSchema.parse({ port: 1 }),
  stack: '',
  mock: false,
  replicas: 1,
};

/** Cheapest first; models with an unknown price come last. */
function byPrice(a: ServedModel, b: ServedModel): number {
  const price = ({ cost }: ServedModel): number => (cost ? cost.input + cost.output : Infinity);
  const [first, second] = [price(a), price(b)];
  return first === second ? 0 : first - second;
}

/** What the stack's own Portkey serves: the routes, and each of their targets by its alias. Targets without a key are left out. */
export function localRoutes(catalog: Catalog, keyNames: readonly string[]): PortkeyRouteView[] {
  const found = routes(catalog, keyNames).filter(({ targets }) => targets.length > 0);
  const single = new Map(found.flatMap(({ targets }) => targets).map((model) => [model.alias, model]));
  return [...found, ...[...single.values()].map((model) => ({ name: model.alias, targets: [model] }))];
}

/** A config for the cloud: one route, without keys. Portkey stores the keys under the names after `@`. */
export function cloudConfig(route: PortkeyRouteView): PortkeyConfig {
  return {
    strategy: { mode: 'fallback', on_status_codes: FALLBACK_CODES },
    targets: route.targets.map((model) => ({
      provider: `@${model.provider}`,
      override_params: { model: model.upstream },
    })),
  };
}

/**
 * The config of the stack's own Portkey: it chooses a route by the request's `model`. It holds keys, so it must stay inside the stack.
 *
 * @param providerKeys the keys by name.
 */
export function localConfig(
  catalog: Catalog,
  settings: Settings,
  providerKeys: Readonly<Record<string, string>>,
): LocalPortkeyConfig {
  const served = localRoutes(catalog, Object.keys(providerKeys));
  return {
    limits: { requestTimeout: catalog.limits.requestTimeout, maxBodyMb: settings.maxBodyMb },
    strategy: {
      mode: 'conditional',
      conditions: served.map(({ name }) => ({ query: { 'params.model': { $eq: name } }, then: name })),
    },
    targets: served.map(({ name, targets }) => ({
      name,
      strategy: { mode: 'fallback', on_status_codes: FALLBACK_CODES },
      targets: targets.map((model) => localTarget(model, catalog, settings, providerKeys)),
    })),
  };
}

/** The API version that Portkey appends to the address, by provider. Addresses in a catalogue already include it. */
const APPENDED_VERSIONS = new Map([
  ['302ai', '/v1'],
  ['cohere', '/v2'],
  ['deepseek', '/v1'],
  ['google', '/v1beta'],
  ['hyperbolic', '/v1'],
  ['lepton', '/api/v1'],
  ['lingyi', '/v1'],
  ['moonshot', '/v1'],
  ['novita-ai', '/v1'],
  ['ollama', '/v1'],
  ['openrouter', '/v1'],
  ['sambanova', '/v1'],
  ['together-ai', '/v1'],
]);

function localTarget(
  model: ServedModel,
  catalog: Catalog,
  settings: Settings,
  providerKeys: Readonly<Record<string, string>>,
): PortkeyTarget {
  const provider = catalog.providers[model.provider];
  const address = provider && gatewayAddress(settings, model.provider, provider);
  const { keyName } = model.deployments[0] ?? {};
  const key = keyName === undefined ? NO_KEY_VALUE : providerKeys[keyName];
  const name = provider?.portkey ?? 'openai';
  return {
    provider: name,
    ...(key === undefined ? {} : { api_key: key }),
    // Always set, even to Portkey's own default: several providers are named `openai` in Portkey, and without an address their keys would be
    // sent to OpenAI.
    ...(address === undefined ? {} : { custom_host: hostFor(name, address) }),
    override_params: { model: model.upstream },
    request_timeout: 1000 * Math.min(model.timeout, catalog.limits.requestTimeout),
  };
}

/** An API's address in the form that Portkey's provider expects: without the version if Portkey appends it. */
function hostFor(portkeyName: string, host: string): string {
  // LiteLLM accepts Anthropic's address with and without /v1, and a stack's setting is used for both.
  if (portkeyName === 'anthropic') return host.endsWith('/v1') ? host : `${host}/v1`;
  const version = APPENDED_VERSIONS.get(portkeyName);
  return version !== undefined && host.endsWith(version) ? host.slice(0, -version.length) : host;
}
