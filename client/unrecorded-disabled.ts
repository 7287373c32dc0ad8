/** Guesses who wrote the entries of `disabled_providers` in files from a release that wrote no record. Pure. */
import { GATEWAY } from '../domain/plan/lanes.ts';
import type { ClientFiles } from './client-files.ts';
import { type Json, object, strings } from './json-objects.ts';
import { isOurEntry } from './merge-entries.ts';

/** Our providers that should be on now and are listed in `disabled_providers`. */
export interface UnrecordedDisabled {
  /** Certainly or most likely disabled by an earlier release: they are removed from the list. */
  byRelease: string[];
  /** Those of them that the user may have disabled: the user gets a note. */
  uncertain: string[];
}

/**
 * Guesses who disabled a provider that has a key now. It was an earlier release if the provider was unusable then: it had no key, or no
 * models. It is uncertain for a provider that uses the gateway's own key: a stack without models added it to the list, and the next
 * stack's `up` did not remove it. It is removed, since a client that is connected to a gateway should reach it. Any other provider with
 * a key was disabled by the user.
 */
export function unrecordedDisabled(
  files: ClientFiles,
  configs: readonly Json[],
  auth: Json,
): UnrecordedDisabled {
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
