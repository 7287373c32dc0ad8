import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import type { Settings } from '../../../domain/schema/settings-schema.ts';
import { fixture } from '../../../sandbox/fixtures.ts';

/** A file of the checkout. Only own-files.test.ts tests the files that operators edit; for others see `fixture`. */
export function repositoryFile(path: string): string {
  return readFileSync(resolve(import.meta.dirname, '../../..', path), 'utf8');
}

/** The catalogue as it was shipped with the release. */
export function shippedCatalog() {
  return goodCatalog(fixture('catalog.yaml'));
}

/** A catalogue that must be valid. */
export function goodCatalog(text: string) {
  const { catalog, problems, source } = parseCatalog(text, 'catalog.yaml');
  if (catalog === undefined) throw new Error(formatProblems(problems));
  return { catalog, problems, source };
}

/** Settings of a stack that must be valid. */
export function goodSettings(more: Record<string, unknown> = {}, catalog?: Catalog): Settings {
  const config = Object.fromEntries(
    Object.entries({ port: 4000, ...more }).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  const { settings, problems } = parseSettings({
    config,
    secretKeys: [],
    stack: 'dev',
    ...(catalog ? { catalog } : {}),
  });
  if (settings === undefined) throw new Error(formatProblems(problems));
  return settings;
}

/** The names of all keys of a catalogue. */
export function allKeys(catalog: Catalog): string[] {
  return Object.values(catalog.providers).map(({ key }) => key);
}
