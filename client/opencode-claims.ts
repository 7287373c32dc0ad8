/**
 * What is ours in opencode's files beside what the record says: marked entries, and what a release without such a record wrote. Pure.
 */
import { GATEWAY, providerOf } from '../domain/plan/lanes.ts';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import type { ClientFiles } from './client-files.ts';
import type { ListEntries } from './client-record.ts';
import { canonical, type Json, object, strings } from './json-objects.ts';
import type { ManagedState } from './managed-files.ts';
import { bothManaged, digest, type ManagedValues } from './managed-values.ts';
import { claim, claimEntries, isOurEntry, markedValues, ourProviders } from './opencode-marks.ts';
import type { ClientPaths } from './opencode-paths.ts';

/** opencode's files as they are. */
export interface OpencodeState extends ManagedState {
  paths: ClientPaths;
  /** Its config files, parsed; the one whose values win is first. */
  configs: Json[];
  auth: Json;
}

/** What is ours, by path, and what of it is only a guess. */
export interface Claims {
  byPath: Record<string, ManagedValues>;
  /** Providers that are removed from `disabled_providers`, although the user may have disabled them. */
  uncertain: string[];
}

/**
 * What is ours beside what is recorded.
 *
 * @param given the stack's files; undefined if everything of ours is to be taken out.
 * @param known all of our keys, whether they are written this time or not.
 */
export function opencodeClaims(
  state: OpencodeState,
  given: ClientFiles | undefined,
  known: OpencodeAuth,
): Claims {
  const { paths, configs, auth, record, older } = state;
  const added = older?.added;
  const marked = configs.flatMap(ourProviders);
  const isRecorded = record !== undefined;
  const names = [...marked, ...Object.keys(given?.config.provider ?? {})];
  const disabled = unrecordedDisabled(given, configs, auth);
  const isUnrecorded = !isRecorded && added === undefined && marked.length > 0;
  const isOurs = (list: keyof ListEntries, name: string): boolean => {
    if (!isUnrecorded) return added?.[list].includes(name) === true && !isRecorded;
    if (list === 'enabled_providers' || given === undefined) return names.includes(name);
    const isByUser =
      given.config.enabled_providers.includes(name) && name in auth && !disabled.byRelease.includes(name);
    return names.includes(name) && !isByUser;
  };
  const byPath: Record<string, ManagedValues> = {};
  for (const path of [paths.config, ...paths.baseLayers]) {
    const config = object(state.files[path]?.content);
    byPath[path] = [
      markedValues(config),
      claimEntries(config, 'enabled_providers', (name) => isOurs('enabled_providers', name)),
      claimEntries(config, 'disabled_providers', (name) => isOurs('disabled_providers', name)),
      // Of a release without a record: objects and lists that are empty without our entries.
      isRecorded || marked.length === 0 ? undefined : emptied(),
      isRecorded || given !== undefined ? undefined : defaultsOf(config, marked),
    ].reduce<ManagedValues>(bothManaged, { values: [], entries: [], containers: [] });
  }
  // Without a record of our keys, those of marked providers are ours. A key that is equal to ours is in any case.
  const isOurKey = (name: string): boolean =>
    (!isRecorded && marked.includes(name)) ||
    [given?.auth[name], known[name]].some(
      (key) => key !== undefined && canonical(auth[name]) === canonical(key),
    );
  byPath[paths.auth] = {
    values: Object.keys(auth)
      .filter(isOurKey)
      .map((name) => ({ at: [name], digest: digest(auth[name]) })),
    entries: [],
    containers: [],
  };
  byPath[paths.portkeyKey] = claim(state.files[paths.portkeyKey]?.content, []);
  return { byPath, uncertain: isUnrecorded ? disabled.uncertain : [] };
}

function emptied(): ManagedValues {
  const containers = ['provider', 'agent', 'enabled_providers', 'disabled_providers'].map((key) => [key]);
  return { values: [], entries: [], containers };
}

/** Default models of ours: without their provider every command of opencode would fail. */
function defaultsOf(config: Json, marked: readonly string[]): ManagedValues {
  const ours = ['model', 'small_model'].filter((key) => {
    const value = config[key];
    return typeof value === 'string' && marked.includes(providerOf(value));
  });
  return ours
    .map((key) => claim(config[key], [key]))
    .reduce(bothManaged, { values: [], entries: [], containers: [] });
}

/**
 * Guesses who disabled a provider that has a key now, in files without a record. It was an earlier release if the provider was unusable
 * then: it had no key, or no models. It is uncertain for a provider that uses the gateway's own key: a stack without models added it to the
 * list, and the next stack's `up` did not remove it. It is removed, since a client that is connected to a gateway should reach it. Any other
 * provider with a key was disabled by the user.
 */
function unrecordedDisabled(
  given: ClientFiles | undefined,
  configs: readonly Json[],
  auth: Json,
): { byRelease: string[]; uncertain: string[] } {
  if (given === undefined) return { byRelease: [], uncertain: [] };
  const disabled = strings(configs.find((one) => one.disabled_providers !== undefined)?.disabled_providers);
  const gatewayKey = given.auth[GATEWAY]?.key;
  const suspects = disabled.filter((name) => given.config.enabled_providers.includes(name));
  const unusable = suspects.filter((name) => !(name in auth) || hadNoModels(name, configs));
  const uncertain = suspects.filter(
    (name) => !unusable.includes(name) && gatewayKey !== undefined && given.auth[name]?.key === gatewayKey,
  );
  return { byRelease: [...unusable, ...uncertain], uncertain };
}

function hadNoModels(name: string, configs: readonly Json[]): boolean {
  const entry = configs.map(({ provider }) => object(provider)[name]).find(isOurEntry);
  return entry !== undefined && Object.keys(object(object(entry).models)).length === 0;
}
