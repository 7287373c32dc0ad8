/** Reads the catalogue and reports all of its problems at once. */
import type { z } from 'zod';
import { type BrokenNames, crossCheck } from '../checks/cross-checks.ts';
import { explain } from '../diagnostics/explain.ts';
import { findLeaks, type KeyPattern, keyPatterns } from '../diagnostics/key-leaks.ts';
import { hasErrors, type Problem, sortProblems } from '../diagnostics/problems.ts';
import { type Catalog, catalogSchema } from '../schema/catalog-schema.ts';
import { parseLenient } from '../diagnostics/parse-lenient.ts';
import { withCurrentNames } from '../diagnostics/old-names.ts';
import { RENAMED_CATALOG_KEYS } from '../schema/renamed-keys.ts';
import { readYaml, type Source } from '../diagnostics/yaml-source.ts';

/** A catalogue that was read. */
export interface LoadedCatalog {
  /** Absent where there is an error. */
  catalog?: Catalog;
  /** The valid part of a catalogue that has errors, so that later checks report in the same run. Never served. */
  readable?: Catalog;
  /** Every error and warning, errors first, in the file's order. */
  problems: Problem[];
  /** The text with lines and columns, for later checks. */
  source: Source;
}

/**
 * Parses and checks a catalogue: YAML, schema, and references between its parts. Never throws, whatever the text.
 *
 * @param text the file's text.
 * @param file its name, as the user would type it.
 */
export function parseCatalog(text: string, file: string): LoadedCatalog {
  const yaml = readYaml(text, file);
  if (hasErrors(yaml.problems)) return { problems: sortProblems(yaml.problems), source: yaml.source };
  const { data, source, problems } = withCurrentNames(yaml.data, RENAMED_CATALOG_KEYS, yaml.source);
  const leaks = (patterns: KeyPattern[]) =>
    findLeaks(text, file, patterns, (offset) => source.offset(offset));
  const parsed = catalogSchema.safeParse(data ?? {});
  if (!parsed.success) {
    problems.push(...explain(catalogSchema, data ?? {}, parsed.error, source), ...leaks(rawPatterns(data)));
    const rest = parseLenient(catalogSchema, data);
    if (rest) problems.push(...crossCheck(rest, source, brokenNames(parsed.error)));
    return { ...(rest ? { readable: rest } : {}), problems: sortProblems(problems), source };
  }
  problems.push(...crossCheck(parsed.data, source), ...leaks(keyPatterns(parsed.data)));
  const catalog = hasErrors(problems) ? {} : { catalog: parsed.data };
  return { ...catalog, readable: parsed.data, problems: sortProblems(problems), source };
}

/** The names of the entries that have schema errors. */
function brokenNames(error: z.core.$ZodError): BrokenNames {
  const broken = { providers: new Set<string>(), models: new Set<string>(), routes: new Set<string>() };
  for (const { path } of error.issues) {
    const [part, ...names] = path.map(String);
    if (part === 'providers' || part === 'models') broken[part].add(names[0] ?? '*');
    if (part === 'portkey') broken.routes.add(names[1] ?? '*');
  }
  return broken;
}

/** The providers' key patterns, read without the schema: for a catalogue that has errors. */
function rawPatterns(data: unknown): KeyPattern[] {
  const providers = (data as { providers?: unknown } | null)?.providers;
  if (typeof providers !== 'object' || providers === null) return [];
  return Object.entries(providers).flatMap(([id, provider]) => {
    const { name, key, keyPattern } = (provider ?? {}) as Record<string, unknown>;
    if (typeof keyPattern !== 'string' || keyPattern.length > 200) return [];
    return [
      {
        name: typeof name === 'string' ? name : id,
        key: typeof key === 'string' ? key : 'NAME',
        pattern: keyPattern,
      },
    ];
  });
}
