/** Merges our providers and agents with a user's: by name, ours known by their mark. */
import { OUR_MARK, type OpencodeConfig, type OpencodeProvider } from '../domain/render/opencode-files.ts';
import { type Json, object } from './json-objects.ts';

/** All providers: theirs, and ours in their present form. */
export function mergeProviders(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  // A provider that bears our mark and is not ours any more was in the catalogue once.
  const kept = Object.entries(theirs).filter(([name, one]) => name in ours.provider || !isOurEntry(one));
  const wanted: Json = Object.fromEntries(kept);
  for (const [name, provider] of Object.entries(ours.provider)) {
    const before = theirs[name];
    const isTheirs = before !== undefined && !isOurEntry(before);
    if (isTheirs) notes.push(`${name}: your entry of that name was replaced`);
    // Not mixed with theirs: a key or a header in it was meant for another address.
    wanted[name] = before === undefined || isTheirs ? provider : mergeProvider(object(before), provider);
  }
  return wanted;
}

/** Whether a provider's entry is one that we wrote. */
export function isOurEntry(provider: unknown): boolean {
  return isMarked(object(provider).name);
}

/** Ours over what the user made of it; options and models that a user added to our provider stay, models that we no longer serve go. */
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

/** What we write into a model's entry. */
const OUR_FIELDS = ['name', 'limit', 'cost', 'headers'];

/** A model's entry without the fields that we write. */
function withoutOurs(model: Json): Json {
  return Object.fromEntries(Object.entries(model).filter(([field]) => !OUR_FIELDS.includes(field)));
}

/** Portkey's headers are ours: a stale one would send a request to a config that is gone. */
function withoutPortkey(headers: Json): Json {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-portkey-')));
}

/** All agents: theirs, and ours in their present form; one of theirs that has a name of ours stays. */
export function mergeAgents(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  const wanted: Json = {};
  for (const [name, agent] of Object.entries(theirs)) {
    if (!isMarked(object(agent).description)) {
      wanted[name] = agent;
      if (name in ours.agent) notes.push(`agent ${name}: yours of that name was kept`);
    } else if (name in ours.agent) wanted[name] = { ...object(agent), ...ours.agent[name] };
  }
  for (const [name, agent] of Object.entries(ours.agent)) wanted[name] ??= agent;
  return wanted;
}

function isMarked(value: unknown): boolean {
  return typeof value === 'string' && value.includes(OUR_MARK);
}
