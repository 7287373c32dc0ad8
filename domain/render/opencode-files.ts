/** Renders the client's two files: opencode.json with all of its providers, and auth.json with the keys. Pure. */
import { type LaneView, pin, providerOf } from '../plan/lanes.ts';
import type { Unavailable } from '../plan/unavailable.ts';
import { type Lane, MOCK_ALIAS } from '../schema/catalog-schema.ts';

/** The file from which opencode reads Portkey's key for a header; `connect` may change the path. opencode.json itself has no key. */
export const PORTKEY_KEY_FILE = '~/.local/share/opencode/switchyard-portkey.key';

/** A word in each of our agents' descriptions and providers' names: it identifies our entries when a user's file is merged. */
export const OUR_MARK = 'Switchyard';

/** What a request may contain. */
export type InputModality = 'text' | 'image' | 'pdf';

/** A model as opencode's file describes it. */
export interface OpencodeModel {
  name: string;
  /** Without a limit opencode requests 32,000 tokens from every model. */
  limit: { context: number; output: number };
  /** US dollars per million tokens. */
  cost?: { input: number; output: number };
  /** Without it opencode replaces images and PDFs by a remark. */
  modalities?: { input: InputModality[]; output: 'text'[] };
  /** Whether it thinks before it answers. */
  reasoning?: boolean;
  /** Whether it calls tools; opencode's default is true. */
  tool_call?: boolean;
  /** Extra headers of requests for this model. */
  headers?: Record<string, string>;
}

/** A provider as opencode's file describes it. */
export interface OpencodeProvider {
  npm: string;
  name: string;
  options: { baseURL: string; headers?: Record<string, string> };
  models: Record<string, OpencodeModel>;
}

/** An agent as opencode's file describes it. */
export interface OpencodeAgent {
  mode: 'primary';
  model: string;
  description: string;
  prompt?: string;
}

/** The part of opencode.json that is ours. */
export interface OpencodeConfig {
  $schema: string;
  enabled_providers: string[];
  disabled_providers: string[];
  model?: string;
  small_model?: string;
  provider: Record<string, OpencodeProvider>;
  agent: Record<string, OpencodeAgent>;
  /** Anything else in the template. */
  [key: string]: unknown;
}

/** auth.json. It has no other fields, since opencode deletes what it does not understand there. */
export type OpencodeAuth = Record<string, { type: 'api'; key: string }>;

/** One of the client's providers, with the models that it serves. */
export interface ClientProvider {
  /** The client's name for it, e.g. `groq-direct`. */
  id: string;
  /** 1: directly to the provider; 2: through the gateway; 3: through Portkey. */
  layer: 1 | 2 | 3;
  /** The name that opencode's list shows. */
  title: string;
  /** The SDK package. All that the catalogue allows are part of opencode, so nothing is downloaded. */
  npm: string;
  baseUrl: string;
  /** The name of the secret that holds its key; undefined where the key is the stack's own. */
  keyName?: string | undefined;
  /** Why the client gets no key for it; undefined where it does. */
  off?: Unavailable | undefined;
  /** The models, the default one first. */
  models: readonly ClientModel[];
  /** Models that are unavailable, with the reason and the command that enables them. */
  unavailable?: Readonly<Record<string, Unavailable>>;
  headers?: Record<string, string>;
}

/** A model of a {@link ClientProvider}. */
export interface ClientModel extends OpencodeModel {
  /** The value of `model` in requests. */
  id: string;
  /** The catalogue's names for it. */
  aliases: readonly string[];
}

/** The fields of an agent in agents.yaml that the client's file needs. */
export interface ClientAgent {
  name: string;
  lane: string;
  model?: string | undefined;
  provider?: string | undefined;
  description?: string | undefined;
  system?: string | undefined;
}

/** Everything that opencode.json is rendered from. */
export interface ClientView {
  /** The stack's name. It is part of the providers' names, so that users see which gateway it is. */
  stack: string;
  providers: readonly ClientProvider[];
  lanes: Readonly<Record<string, Lane>>;
  /** Provider ids in order of preference: the first one that is enabled provides the default model. */
  priority: readonly string[];
  agents: readonly ClientAgent[];
  /** The fixed part: config-templates/opencode.json. */
  template: Record<string, unknown>;
}

/**
 * opencode.json: every provider of the client (disabled if it has no key), the default models by the catalogue's priority, and the agents
 * pinned to their lanes. Holds no key.
 */
export function renderOpencode(view: ClientView): OpencodeConfig {
  const on = view.providers.filter((one) => one.off === undefined && one.models.length > 0);
  const config: OpencodeConfig = {
    $schema: 'https://opencode.ai/config.json',
    ...view.template,
    enabled_providers: [],
    disabled_providers: [],
    provider: Object.fromEntries(view.providers.map((one) => [one.id, renderProvider(one, view.stack)])),
    agent: renderAgents(view),
  };
  return enableProviders(
    config,
    on.map((one) => one.id),
    view.priority,
  );
}

function renderProvider(one: ClientProvider, stack: string): OpencodeProvider {
  return {
    npm: one.npm,
    name: `${one.title} (${OUR_MARK} ${stack})`,
    options: { baseURL: one.baseUrl, ...(one.headers ? { headers: one.headers } : {}) },
    models: Object.fromEntries(one.models.map(({ id, aliases: _, ...model }) => [id, model])),
  };
}

/** The part of the view that lanes need: each provider with its models by id and by the catalogue's aliases. */
export function laneView({ stack, lanes, providers }: ClientView): LaneView {
  return {
    stack,
    lanes,
    providers: providers.map(({ id, off, unavailable, models }) => ({
      id,
      ...(off ? { off } : {}),
      models: modelIds(models),
      ...(unavailable ? { leftOut: { ...unavailable } } : {}),
    })),
  };
}

/** Maps every name of a model to its id. If two models share a name, it means the first one. */
function modelIds(models: readonly ClientModel[]): Record<string, string> {
  const ids = new Map<string, string>();
  for (const { aliases, id } of models)
    for (const name of [...aliases, id]) if (!ids.has(name)) ids.set(name, id);
  return Object.fromEntries(ids);
}

function renderAgents(view: ClientView): Record<string, OpencodeAgent> {
  const rendered: Record<string, OpencodeAgent> = {};
  const lanes = laneView(view);
  for (const agent of view.agents) {
    const pinned = pin(agent, lanes);
    if ('model' in pinned)
      rendered[agent.name] = renderAgent(agent, pinned.model, view.lanes[agent.lane]?.purpose);
  }
  return rendered;
}

/** An agent, pinned to a model. */
export function renderAgent(agent: ClientAgent, model: string, purpose?: string): OpencodeAgent {
  return {
    mode: 'primary',
    model,
    description: `${agent.description ?? purpose ?? agent.name} (${OUR_MARK} lane: ${agent.lane})`,
    ...(agent.system === undefined ? {} : { prompt: agent.system }),
  };
}

/**
 * The same file with exactly these providers enabled, and with its lists, defaults and agents updated. A provider without models stays
 * disabled: opencode ignores it, so that with a default model of that provider every command would fail.
 *
 * @param priority provider ids in order of preference: the first one that is enabled provides the default model.
 */
export function enableProviders(
  config: OpencodeConfig,
  providers: readonly string[],
  priority: readonly string[],
): OpencodeConfig {
  const rest = { ...config };
  delete rest.model;
  delete rest.small_model;
  const names = Object.keys(config.provider);
  const on = names.filter(
    (name) => providers.includes(name) && Object.keys(config.provider[name]?.models ?? {}).length > 0,
  );
  const first = priority.find((name) => on.includes(name));
  return {
    ...rest,
    enabled_providers: on,
    disabled_providers: names.filter((name) => !on.includes(name)),
    ...(first === undefined ? {} : defaults(first, config.provider[first]?.models ?? {})),
    agent: Object.fromEntries(
      Object.entries(config.agent).filter(([, one]) => on.includes(providerOf(one.model))),
    ),
  };
}

/** A provider's default model (its first), and its cheapest model for titles and summaries. The mock is chosen only if it is the only one. */
function defaults(
  provider: string,
  models: Record<string, OpencodeModel>,
): { model: string; small_model: string } {
  const all = Object.keys(models);
  const real = all.filter((id) => id !== MOCK_ALIAS);
  const ids = real.length > 0 ? real : all;
  const priced = ids
    .filter((id) => models[id]?.cost !== undefined)
    .sort((a, b) => price(models[a]) - price(models[b]));
  return { model: `${provider}/${ids[0]}`, small_model: `${provider}/${priced[0] ?? ids[0]}` };
}

function price(model: OpencodeModel | undefined): number {
  return (model?.cost?.input ?? 0) + (model?.cost?.output ?? 0);
}

/** The keys for auth.json. */
export interface ClientKeys {
  /** The stack's master key: what the provider `litellm` sends. */
  masterKey: string;
  /** Keys of direct providers by the client's name for them; only those that the operator gives to clients. */
  providerKeys: Readonly<Record<string, string>>;
  /** The key that the provider `portkey` sends: Portkey's own (cloud), the master key (local), or none (off). */
  portkeyKey?: string | undefined;
}

/** auth.json. */
export function renderAuth(keys: ClientKeys): OpencodeAuth {
  const byId: Record<string, string | undefined> = {
    litellm: keys.masterKey,
    portkey: keys.portkeyKey,
    ...keys.providerKeys,
  };
  const auth: OpencodeAuth = {};
  for (const [id, key] of Object.entries(byId)) if (key) auth[id] = { type: 'api', key };
  return auth;
}
