/** The names that keys go by in a stack's config. */
import type { Catalog } from '../domain/schema/catalog-schema.ts';

/** Every name under which the catalogue's providers take a key: `GROQ_API_KEY`, and `GROQ_API_KEY_2` to `_9` for further ones. */
export function knownKeyNames(catalog: Catalog): string[] {
  const keys = [...new Set(Object.values(catalog.providers).map((provider) => provider.key))];
  return keys.flatMap((key) => [key, ...Array.from({ length: 8 }, (_, index) => `${key}_${index + 2}`)]);
}

/** The pattern that a name's keys follow, by the catalogue. */
export function keyPattern(catalog: Catalog, name: string): RegExp | undefined {
  const base = name.replace(/_[2-9]$/, '');
  const provider = Object.values(catalog.providers).find((one) => one.key === base);
  return provider === undefined ? undefined : new RegExp(`^(?:${provider.keyPattern})$`);
}
