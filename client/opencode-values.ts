/** Decides which of our values go into opencode.json, by what the user has there. Pure. */
import { providerOf } from '../domain/plan/lanes.ts';
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { type Json, object, strings } from './json-objects.ts';
import { isOurAgent } from './opencode-marks.ts';

/** The client's default models, `provider/model`. */
export const DEFAULTS = ['model', 'small_model'];

/** What the values of opencode.json depend on. */
export interface OpencodeInput {
  /** The file as it is. */
  content: Json;
  /** It without what we wrote: the user's own. */
  users: Json;
  /** The user's values in the base layers: the global files that this one overrides. A value there counts as set by the user. */
  base: Json;
  /** The user's own logins, in auth.json. */
  logins: readonly string[];
}

/**
 * Our values for opencode.json.
 *
 * @param notes gets what the user should know about their own entries.
 */
export function opencodeValues(ours: OpencodeConfig, input: OpencodeInput, notes: string[]): Json {
  const { users, base } = input;
  const wholeFileIsOurs = hasOnlyOurs(users, ours) && hasOnlyOurs(base, ours);
  const isSet = (key: string): boolean => users[key] !== undefined || base[key] !== undefined;
  const values: Json = {};
  for (const [key, value] of Object.entries(ours)) {
    if (['provider', 'agent', 'enabled_providers', 'disabled_providers', ...DEFAULTS].includes(key)) continue;
    const wasOurs = input.content[key] !== undefined;
    if (!isSet(key) && (wholeFileIsOurs || wasOurs || key === '$schema')) values[key] = value;
  }
  // A list here replaces that of a base layer, so it has to contain its entries.
  const disabled = [
    ...(users.disabled_providers === undefined ? strings(base.disabled_providers) : []),
    ...ours.disabled_providers,
  ];
  if (disabled.length > 0 || users.disabled_providers !== undefined) values.disabled_providers = disabled;
  const enabled = enabledProviders(ours, input, wholeFileIsOurs, notes);
  if (enabled !== undefined) values.enabled_providers = enabled;
  // With a default model whose provider is off, every command of opencode fails, whoever switched the provider off.
  const off = [...strings(users.disabled_providers), ...disabled];
  for (const key of DEFAULTS) {
    const value = ours[key];
    if (typeof value === 'string' && !off.includes(providerOf(value)) && !isSet(key)) values[key] = value;
  }
  values.provider = ours.provider;
  const usersAgents = Object.keys(object(users.agent)).filter(
    (name) => !isOurAgent(object(input.content.agent)[name]),
  );
  for (const name of usersAgents)
    if (name in ours.agent) notes.push(`agent ${name}: your agent of that name was kept`);
  const agents = Object.entries(ours.agent).filter(([name]) => !usersAgents.includes(name));
  if (agents.length > 0) values.agent = Object.fromEntries(agents);
  const agent = values.default_agent;
  if (typeof agent === 'string' && !(agent in ours.agent) && !usersAgents.includes(agent))
    delete values.default_agent;
  return values;
}

/**
 * `enabled_providers` hides every provider that it does not name. An existing list is extended; a new one is created only if the whole
 * file is ours. A list without an entry of the user's is ours, and must not hide the user's logins.
 *
 * @returns undefined if the file should have no list of ours.
 */
function enabledProviders(
  ours: OpencodeConfig,
  { content, users, base, logins }: OpencodeInput,
  wholeFileIsOurs: boolean,
  notes: string[],
): string[] | undefined {
  const wasOurs = content.enabled_providers !== undefined;
  const listed = users.enabled_providers ?? base.enabled_providers ?? (wasOurs ? [] : undefined);
  if (listed === undefined && !wholeFileIsOurs) return undefined;
  const inherited = users.enabled_providers === undefined ? strings(base.enabled_providers) : [];
  const enabled = [...inherited, ...ours.enabled_providers];
  const hidden = logins.filter((name) => !enabled.includes(name));
  if (hidden.length === 0 || strings(listed).length > 0) return enabled;
  const verb = wasOurs ? 'removed' : 'not written';
  // That it is not written is noted on the first run only.
  if (verb === 'removed' || content.provider === undefined)
    notes.push(`enabled_providers was ${verb}: it would hide your own logins: ${hidden.join(', ')}`);
  return undefined;
}

/** Whether the user's part contains only what we write too, so that we may decide which providers are on. */
function hasOnlyOurs(users: Json, ours: OpencodeConfig): boolean {
  const known = [...Object.keys(ours), ...DEFAULTS, 'default_agent'];
  return (
    Object.keys(users).every((key) => known.includes(key)) &&
    Object.keys(object(users.provider)).every((name) => name in ours.provider) &&
    DEFAULTS.every((key) => {
      const value = users[key];
      return value === undefined || (typeof value === 'string' && providerOf(value) in ours.provider);
    })
  );
}

/**
 * Whether a default model names one of our providers that is off or no longer has that model, or the mock, which is the default only while no
 * provider is configured. It is replaced, whoever chose it.
 */
export function isStale(value: unknown, ours: OpencodeConfig): boolean {
  if (typeof value !== 'string') return false;
  const name = providerOf(value);
  if (!(name in ours.provider)) return false;
  const id = value.slice(name.length + 1);
  return !ours.enabled_providers.includes(name) || !ours.provider[name]?.models[id] || id === MOCK_ALIAS;
}
