/** Finds the providers of ours that the client will not use although they have a key, and the place that says so. Pure. */
import { findNodeAtLocation, parse, parseTree } from 'jsonc-parser';
import { type Json, strings } from './json-objects.ts';

/** A provider that the user's lists switch off. */
export interface SwitchedOff {
  provider: string;
  /** The list that decides: it names the provider, or for `enabled_providers` it does not. */
  list: 'disabled_providers' | 'enabled_providers';
  /** `file:line:column`. */
  where: string;
}

/**
 * Which of the names opencode leaves out.
 *
 * @param text the config file as it is written now; its values win over those beneath.
 */
export function switchedOff(
  names: readonly string[],
  text: string,
  file: string,
  below: Json,
): SwitchedOff[] {
  const config = { ...below, ...(parse(text) as Json) };
  const disabled = strings(config.disabled_providers);
  const enabled = config.enabled_providers === undefined ? undefined : strings(config.enabled_providers);
  return names.flatMap((provider): SwitchedOff[] => {
    if (disabled.includes(provider))
      return [
        { provider, list: 'disabled_providers', where: placeOf(text, file, 'disabled_providers', provider) },
      ];
    if (enabled !== undefined && !enabled.includes(provider))
      return [{ provider, list: 'enabled_providers', where: placeOf(text, file, 'enabled_providers') }];
    return [];
  });
}

/** Where a list stands in a file, or one of its entries. */
function placeOf(text: string, file: string, list: string, entry?: string): string {
  const node = findNodeAtLocation(parseTree(text)!, [list]);
  const found = node?.children?.find(({ value }) => value === entry) ?? node;
  if (found === undefined) return file;
  const before = text.slice(0, found.offset).split('\n');
  return `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
