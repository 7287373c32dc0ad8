/** Explains unknown key names and implausible key values. Pure; no value is ever repeated. */
import { suggest } from '../domain/diagnostics/suggest.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { keyBase, keyNamesOf } from '../domain/schema/provider-key-names.ts';

const SUFFIX = /_?(?:API)?_?(?:KEY|TOKEN|SECRET)(?:_[2-9])?$/i;

/** The part before `_API_KEY`: the provider. */
const stem = (name: string): string => name.replace(SUFFIX, '').toUpperCase();

/** The key of the catalogue that was probably meant: `MISTRAL_API_KEY` for `MISTRAL_KEY`. */
export function nearKeyName(name: string, known: readonly string[]): string | undefined {
  if (!SUFFIX.test(name)) return undefined;
  const near = suggest(stem(name), known.map(stem));
  return known.find((one) => stem(one) === near);
}

/** Why a name is ignored. */
export function whyUnknown(name: string, known: readonly string[]): string {
  const base = name.replace(/_\d+$/, '');
  if (base !== name && known.includes(base))
    return `not a key of the catalogue: ${base} has further keys up to ${keyNamesOf(base).at(-1)}`;
  const near = nearKeyName(name, known);
  return `not a key of the catalogue${near === undefined ? '' : `; did you mean ${near}?`}`;
}

const PLACEHOLDER =
  /^<.*>$|^\$\{?\w+\}?$|^(?:your|my|insert|enter|paste|put|replace|change)[-_]|your[-_]?(?:\w+[-_])*key|key[-_]?(?:goes[-_]?)?here|placeholder|^(?:todo|tbd|none|null|undefined|example|secret|(?:api[-_]?)?key)$|(?:^|[-_])(?:x{3,}|\*{3,}|\.{3,}|…)$/i;

/** Whether a value is a template's placeholder, e.g. `your-key-here`. A value in the format of the provider's keys never is. */
export function isPlaceholder(catalog: Catalog, name: string, value: string): boolean {
  return PLACEHOLDER.test(value) && keyPattern(catalog, name)?.test(value) !== true;
}

/**
 * The other provider whose key format a value has, if it does not have that of its own provider: such a key would be sent to the wrong
 * provider.
 */
export function ownerOfKey(catalog: Catalog, name: string, value: string): string | undefined {
  if (keyPattern(catalog, name)?.test(value) !== false) return undefined;
  const matching = Object.values(catalog.providers).filter(
    // A pattern of only letters and digits matches any provider's key.
    (one) => /^[a-z]+[-_]/.test(one.keyPattern) && keyPattern(catalog, one.key)?.test(value),
  );
  // The longest pattern is the most specific one: `sk-…` alone matches many keys.
  return matching.sort((a, b) => b.keyPattern.length - a.keyPattern.length)[0]?.name;
}

/** The format of a key according to the catalogue. */
export function keyPattern(catalog: Catalog, name: string): RegExp | undefined {
  const provider = Object.values(catalog.providers).find(({ key }) => key === keyBase(name));
  return provider === undefined ? undefined : new RegExp(`^(?:${provider.keyPattern})$`);
}
