/** What a stack has for clients, with one of its virtual keys instead of the master key. Pure. */
import { UserError, unlessRefused } from '../console/errors.ts';
import { didYouMean } from '../domain/diagnostics/suggest.ts';
import { DEFAULT_KEY, MASTER_KEY_NAME as MASTER } from '../domain/plan/key-plan.ts';
import { GATEWAY, PORTKEY, providerOf } from '../domain/plan/lanes.ts';
import type { Unavailable } from '../domain/plan/unavailable.ts';
import { type RawOutputs, readKeys, type StackClient } from '../domain/read/outputs-reader.ts';
import { enableProviders, type OpencodeAuth } from '../domain/render/opencode-files.ts';
import { type ClientFiles, clientFiles, gatewayOnly } from './client-files.ts';

/** A stack's client files with one of its keys. */
export interface KeyedClient extends StackClient, ClientFiles {
  /** All of our keys, whether they are in `auth` or not. */
  known: OpencodeAuth;
  /** The key's alias; `master` for the master key, undefined where it only stands in for `default`. */
  key: string | undefined;
  /** What was left out, and why it is another key than expected. */
  notes: string[];
}

/**
 * The client files with a virtual key. With another key than `default` they are for the gateway only: a provider's own key would know no
 * limits. What the key may not use is left out.
 *
 * @param alias the key; `master` for the master key; by default `default`, or the master key where an older release has deployed the stack.
 * @throws UserError if the stack is not deployed, has no such key, or serves no model that the key may use.
 */
export function clientWithKey(stack: string, outputs: RawOutputs, alias?: string): KeyedClient {
  const client = clientFiles(stack, outputs);
  const known = client.auth;
  if (alias === MASTER) return { ...client, known, key: MASTER, notes: [] };
  const values = unlessRefused(readKeys(stack, outputs));
  const name = alias ?? DEFAULT_KEY;
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined && name === DEFAULT_KEY) {
    const note = `${stack} was deployed without the key "${DEFAULT_KEY}": the master key is used until the next ./switchyard up ${stack}`;
    return { ...client, known, key: undefined, notes: [note] };
  }
  if (value === undefined) throw unknownKey(stack, name, Object.keys(values));
  const { models, limited = false } = client.clientMetadata.keys?.[name] ?? {};
  const rights: Rights = {
    name,
    stack,
    models,
    portkey: isOwnPortkey(client) ? models === undefined && !limited : name === DEFAULT_KEY,
    direct: name === DEFAULT_KEY,
  };
  const files = { config: withoutForbidden(client.config, rights), auth: withValue(client, value, rights) };
  const { config: own, auth } = rights.direct ? files : gatewayOnly(files);
  if (models !== undefined && Object.keys(own.provider[GATEWAY]?.models ?? {}).length === 0)
    throw new UserError(`${stack} serves no chat model that the key "${name}" may use`, {
      found: models.join(', ') || 'no model',
      command: `./switchyard models ${stack}`,
    });
  return {
    ...{ config: own, auth, known, key: name },
    clientMetadata: restricted(client.clientMetadata, rights),
    notes: leftOut(client, own, rights),
  };
}

/** What a key may use. */
interface Rights {
  name: string;
  stack: string;
  /** The aliases; undefined if it may use all. */
  models: readonly string[] | undefined;
  /** Whether the files have Portkey too. The stack's own one checks neither models nor limits, so it accepts no key with any. */
  portkey: boolean;
  /** Whether the files have direct providers too. */
  direct: boolean;
}

function unknownKey(stack: string, name: string, names: readonly string[]): UserError {
  return new UserError(`${stack} has no key "${name}"${didYouMean(name, names)}`, {
    allowed: names,
    command: `./switchyard keys list ${stack}`,
  });
}

/** Whether Portkey is the stack's own, which accepts the stack's keys. */
function isOwnPortkey({ auth }: ClientFiles): boolean {
  return auth[PORTKEY] !== undefined && auth[PORTKEY].key === auth[GATEWAY]?.key;
}

/** The keys with this value wherever the master key was, unless the key is not accepted there. */
function withValue({ auth }: ClientFiles, key: string, { portkey }: Rights): OpencodeAuth {
  const master = auth[GATEWAY]?.key;
  const entries = Object.entries(auth).flatMap(([provider, entry]): (readonly [string, typeof entry])[] => {
    if (entry.key !== master) return [[provider, entry]];
    return provider === PORTKEY && !portkey ? [] : [[provider, { ...entry, key }]];
  });
  return Object.fromEntries(entries);
}

/** The config without the gateway's models that the key may not use, and without providers that do not accept it. */
function withoutForbidden(config: ClientFiles['config'], { models, portkey }: Rights): ClientFiles['config'] {
  const gateway = config.provider[GATEWAY];
  if ((models === undefined && portkey) || gateway === undefined) return config;
  const allowed = Object.entries(gateway.models).filter(([alias]) => models?.includes(alias) ?? true);
  const provider = { ...config.provider, [GATEWAY]: { ...gateway, models: Object.fromEntries(allowed) } };
  const agent = Object.entries(config.agent).filter(([, { model }]) => hasModel(provider, model));
  const on = config.enabled_providers.filter((name) => name !== PORTKEY || portkey);
  // The first default model tells which provider is preferred.
  const first = providerOf(config.model ?? '');
  const priority = [first, ...on.toSorted((a, b) => Number(b === GATEWAY) - Number(a === GATEWAY))];
  return enableProviders({ ...config, provider, agent: Object.fromEntries(agent) }, on, priority);
}

function hasModel(provider: ClientFiles['config']['provider'], model: string): boolean {
  const name = providerOf(model);
  return name !== GATEWAY || Object.hasOwn(provider[GATEWAY]?.models ?? {}, model.slice(name.length + 1));
}

/** The metadata by which `agents` chooses models, with the reason for each that the key may not use. */
function restricted(metadata: StackClient['clientMetadata'], rights: Rights): StackClient['clientMetadata'] {
  const { name, stack, models, portkey, direct } = rights;
  const why = (reason: string): Unavailable => ({ reason, command: `./switchyard keys list ${stack}` });
  const providers = metadata.providers.map((provider) => {
    if (provider.id === GATEWAY && models !== undefined) {
      const may = ([, id]: [string, string]): boolean => models.includes(id);
      const [all, forbidden] = [Object.entries(provider.models), why(`the key "${name}" may not use it`)];
      const not = all.filter((one) => !may(one)).map(([alias]) => [alias, forbidden] as const);
      return {
        ...provider,
        models: Object.fromEntries(all.filter(may)),
        leftOut: { ...provider.leftOut, ...Object.fromEntries(not) },
      };
    }
    if (provider.id === GATEWAY || provider.off !== undefined) return provider;
    const isOff = provider.id === PORTKEY ? !portkey : !direct;
    return isOff ? { ...provider, off: why(`the key "${name}" is not for it`) } : provider;
  });
  return { ...metadata, providers };
}

/** Which lanes of the gateway and which agents are left out. */
function leftOut(client: StackClient, own: ClientFiles['config'], { name }: Rights): string[] {
  const lanes = Object.entries(client.clientMetadata.lanes ?? {}).filter(
    ([, { provider, model }]) =>
      provider === GATEWAY &&
      hasModel(client.config.provider, `${GATEWAY}/${model}`) &&
      !hasModel(own.provider, `${GATEWAY}/${model}`),
  );
  const agents = Object.entries(client.config.agent).filter(([agent]) => !Object.hasOwn(own.agent, agent));
  const all = [
    ...lanes.map(([lane, { model }]) => `lane ${lane} (${model})`),
    ...agents.map(([agent, { model }]) => `agent ${agent} (${model})`),
  ];
  return all.length === 0 ? [] : [`left out, since the key "${name}" is not for them: ${all.join(', ')}`];
}
