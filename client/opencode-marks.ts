/** Our entries in opencode's config: providers and agents bear our mark, whether they are recorded or not. Pure. */
import { OUR_MARK } from '../domain/render/opencode-files.ts';
import { isObject, type Json, object, strings } from './json-objects.ts';
import { bothManaged, digest, type ManagedValues } from './managed-values.ts';

/** The fields of a model's entry that we write. */
const MODEL_FIELDS = ['name', 'limit', 'cost', 'headers'];
/** The fields of an agent that we write. */
const AGENT_FIELDS = ['mode', 'model', 'description', 'prompt'];

/** Whether a provider's entry is one that we wrote. */
export function isOurEntry(provider: unknown): boolean {
  return isMarked(object(provider).name);
}

/** Whether an agent is one that we wrote. */
export function isOurAgent(agent: unknown): boolean {
  return isMarked(object(agent).description);
}

function isMarked(value: unknown): boolean {
  return typeof value === 'string' && value.includes(OUR_MARK);
}

/** The names of our providers in a config. */
export function ourProviders(config: Json): string[] {
  return Object.entries(object(config.provider)).flatMap(([name, entry]) =>
    isOurEntry(entry) ? [name] : [],
  );
}

/** The stack that our providers' names contain: every release writes it there. */
export function markedStack(config: Json): string | undefined {
  const entries = ourProviders(config).map((name) => object(object(config.provider)[name]).name as string);
  const stacks = entries.map((name) => new RegExp(`\\(${OUR_MARK} (\\S+)\\)$`).exec(name)?.[1]);
  return stacks.find((stack) => stack !== undefined);
}

/** The fields that we write in a marked provider or agent. What the user added beside them is theirs. */
export function markedValues(config: Json): ManagedValues {
  const claims: ManagedValues[] = [];
  for (const name of ourProviders(config)) {
    const at = ['provider', name];
    const { npm, name: title, options, models } = object(object(config.provider)[name]);
    claims.push(claim({ npm, name: title }, at));
    claims.push(
      claim({ baseURL: object(options).baseURL, headers: portkeyHeaders(options) }, [...at, 'options']),
    );
    // A model without a limit is the user's: we always write one.
    for (const [id, model] of Object.entries(object(models)))
      if ('limit' in object(model))
        claims.push(claim(pick(object(model), MODEL_FIELDS), [...at, 'models', id]));
    claims.push({ values: [], entries: [], containers: [[...at, 'models']] });
  }
  for (const [name, agent] of Object.entries(object(config.agent)))
    if (isOurAgent(agent)) claims.push(claim(pick(object(agent), AGENT_FIELDS), ['agent', name]));
  return claims.reduce(bothManaged, { values: [], entries: [], containers: [] });
}

/** Everything in a value is ours. */
export function claim(value: unknown, at: string[]): ManagedValues {
  if (value === undefined) return { values: [], entries: [], containers: [] };
  if (!isObject(value)) return { values: [{ at, digest: digest(value) }], entries: [], containers: [] };
  const parts = Object.entries(value).map(([key, one]) => claim(one, [...at, key]));
  return parts.reduce(bothManaged, { values: [], entries: [], containers: [at] });
}

/** These entries of a list are ours. */
export function claimEntries(config: Json, list: string, isOurs: (name: string) => boolean): ManagedValues {
  const names = strings(config[list]).filter(isOurs);
  return { values: [], entries: [{ at: [list], names }], containers: [] };
}

/** Portkey's headers are ours: a stale one would send a request to a config that no longer exists. */
function portkeyHeaders(options: unknown): Json {
  const headers = object(object(options).headers);
  return pick(
    headers,
    Object.keys(headers).filter((name) => name.startsWith('x-portkey-')),
  );
}

function pick(value: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}
