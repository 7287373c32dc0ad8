/** What can be known of `disabled_providers` in files that a release without a record has written. Pure. */
import { GATEWAY } from '../domain/plan/lanes.ts';
import type { ClientFiles } from './client-files.ts';
import { type Json, object, strings } from './json-objects.ts';
import { isOurEntry } from './merge-entries.ts';

/** Providers of ours that are on now and stand in `disabled_providers`, by who put them there. */
export interface Unrecorded {
  /** Certainly or most likely an earlier release: they are taken out. */
  byRelease: string[];
  /** Those of them that the user might have disabled after all: worth a note. */
  uncertain: string[];
}

/**
 * Who disabled a provider that has a key now? An earlier release, if it could not have been used: it had no key, or no models. Nobody can
 * tell for one that is reached with the gateway's own key: a stack without models left it in the list, and the next stack's `up` did not
 * take it out. It is taken out, since a client that is connected to a gateway should reach it. What else has a key was disabled by
 * the user.
 */
export function unrecorded(files: ClientFiles, configs: readonly Json[], auth: Json): Unrecorded {
  const disabled = strings(configs.find((one) => one.disabled_providers !== undefined)?.disabled_providers);
  const gatewayKey = files.auth[GATEWAY]?.key;
  const suspects = disabled.filter((name) => files.config.enabled_providers.includes(name));
  const unusable = suspects.filter((name) => !(name in auth) || hadNoModels(name, configs));
  const uncertain = suspects.filter(
    (name) => !unusable.includes(name) && gatewayKey !== undefined && files.auth[name]?.key === gatewayKey,
  );
  return { byRelease: [...unusable, ...uncertain], uncertain };
}

function hadNoModels(name: string, configs: readonly Json[]): boolean {
  const entry = configs.map(({ provider }) => object(provider)[name]).find(isOurEntry);
  return entry !== undefined && Object.keys(object(object(entry).models)).length === 0;
}
