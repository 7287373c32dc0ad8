/** Finds our providers that opencode does not use although they have a key, and where the user's config says so. Pure. */
import { findNodeAtLocation, parse, parseTree } from 'jsonc-parser';
import { type Json, strings } from './json-objects.ts';

/** A provider that is switched off by the user's lists. */
export interface SwitchedOff {
  provider: string;
  /** The list that switches it off: `disabled_providers` names it, or `enabled_providers` does not. */
  list: 'disabled_providers' | 'enabled_providers';
  /** `file:line:column`. */
  where: string;
}

/**
 * Which of the named providers opencode does not use.
 *
 * @param text the new text of the config file; its values override the base values.
 */
export function switchedOff(
  names: readonly string[],
  text: string,
  file: string,
  baseValues: Json,
): SwitchedOff[] {
  const config = { ...baseValues, ...(parse(text) as Json) };
  const disabled = strings(config.disabled_providers);
  const enabled = config.enabled_providers === undefined ? undefined : strings(config.enabled_providers);
  return names.flatMap((provider): SwitchedOff[] => {
    if (disabled.includes(provider))
      return [
        {
          provider,
          list: 'disabled_providers',
          where: positionOf(text, file, 'disabled_providers', provider),
        },
      ];
    if (enabled !== undefined && !enabled.includes(provider))
      return [{ provider, list: 'enabled_providers', where: positionOf(text, file, 'enabled_providers') }];
    return [];
  });
}

/** The position of a list in a file, or of one of its entries. */
function positionOf(text: string, file: string, list: string, entry?: string): string {
  const index = findNodeAtLocation(parseTree(text)!, [list])?.children?.findIndex(
    ({ value }) => value === entry,
  );
  return positionIn(text, file, index === undefined || index < 0 ? [list] : [list, index]);
}

/** The position of a value in a JSON file, `file:line:column`; the file alone if it has no such value. */
export function positionIn(text: string, file: string, path: (string | number)[]): string {
  const found = findNodeAtLocation(parseTree(text)!, path);
  if (found === undefined) return file;
  const before = text.slice(0, found.offset).split('\n');
  return `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
