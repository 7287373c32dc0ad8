/** Merges our providers and agents with a user's, by name. Our entries are recognised by their mark. */
import { OUR_MARK, type OpencodeConfig, type OpencodeProvider } from '../domain/render/opencode-files.ts';
import { type Json, object } from './json-objects.ts';

/** All providers: the user's, and ours in their current form. */
export function mergeProviders(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  // A marked provider that we no longer have was in the catalogue once: remove it.
  const preserved = Object.entries(theirs).filter(([name, one]) => name in ours.provider || !isOurEntry(one));
  const merged: Json = Object.fromEntries(preserved);
  for (const [name, provider] of Object.entries(ours.provider)) {
    const before = theirs[name];
    const isTheirs = before !== undefined && !isOurEntry(before);
    if (isTheirs) notes.push(`${name}: your entry of that name was replaced`);
    // Not merged with the user's entry: its keys and headers were meant for another address.
    merged[name] = before === undefined || isTheirs ? provider : mergeProvider(object(before), provider);
  }
  return merged;
}

/** Whether a provider's entry is one that we wrote. */
export function isOurEntry(provider: unknown): boolean {
  return isMarked(object(provider).name);
}

/** Our entry over the user's edits of it: options and models that the user added stay, models that we no longer serve are removed. */
function mergeProvider(theirs: Json, ours: OpencodeProvider): Json {
  const models: Json = {};
  for (const [id, model] of Object.entries(object(theirs.models))) {
    const served = ours.models[id];
    if (served !== undefined) models[id] = { ...withoutOurs(object(model)), ...served };
    else if (Object.keys(withoutOurs(object(model))).length > 0 || !('limit' in object(model)))
      models[id] = model;
  }
  const { headers: theirHeaders, ...theirOptions } = object(theirs.options);
  const headers = { ...withoutPortkey(object(theirHeaders)), ...ours.options.headers };
  return {
    ...theirs,
    npm: ours.npm,
    name: ours.name,
    options: {
      ...theirOptions,
      baseURL: ours.options.baseURL,
      ...(Object.keys(headers).length > 0 ? { headers } : {}),
    },
    models: {
      ...models,
      ...Object.fromEntries(Object.entries(ours.models).filter(([id]) => !(id in models))),
    },
  };
}

/** The fields of a model's entry that we write. */
const OUR_FIELDS = ['name', 'limit', 'cost', 'headers'];

/** A model's entry without the fields that we write. */
function withoutOurs(model: Json): Json {
  return Object.fromEntries(Object.entries(model).filter(([field]) => !OUR_FIELDS.includes(field)));
}

/** Portkey's headers are ours: a stale one would send a request to a config that no longer exists. */
function withoutPortkey(headers: Json): Json {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-portkey-')));
}

/** All agents: the user's, and ours in their current form. A user's agent with the name of one of ours is preserved. */
export function mergeAgents(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  const merged: Json = {};
  for (const [name, agent] of Object.entries(theirs)) {
    if (!isMarked(object(agent).description)) {
      merged[name] = agent;
      if (name in ours.agent) notes.push(`agent ${name}: your agent of that name was kept`);
    } else if (name in ours.agent) merged[name] = { ...object(agent), ...ours.agent[name] };
  }
  for (const [name, agent] of Object.entries(ours.agent)) merged[name] ??= agent;
  return merged;
}

function isMarked(value: unknown): boolean {
  return typeof value === 'string' && value.includes(OUR_MARK);
}
