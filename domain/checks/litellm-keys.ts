/** Checks LiteLLM's config against the keys that its pinned release reads: it ignores any other key with no output. */
import { type LitellmFacts, litellmFacts } from '../facts/litellm-facts.ts';
import { CACHE_KEYS, generated, withoutCache } from '../render/litellm-config.ts';
import { catalogSchema } from '../schema/catalog-schema.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Path } from '../diagnostics/yaml-path.ts';
import { readYaml, type Source } from '../diagnostics/yaml-source.ts';
import { didYouMean } from '../diagnostics/suggest.ts';

/** Keys that LiteLLM reads in a way that the generator of the facts cannot detect, each with the reason. */
const KEYS_NOT_DETECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  litellm_params: {
    extra_headers: 'an argument of completion(), to which the parameters are passed on',
  },
  litellm_settings: {
    DEFAULT_MAX_RETRIES:
      'reaches the module by a star import from constants.py; llms/openai/openai.py reads it there',
  },
};

/** Sections whose content is not checked: the operator chooses its keys, or we have no list of them. */
const UNCHECKED_SECTIONS = new Set([
  'environment_variables',
  'callback_settings',
  'extra_headers',
  'fallbacks',
]);

/** Sections that have a list of known keys, under their own name. */
const SECTIONS = new Set([
  'litellm_params',
  'model_info',
  'router_settings',
  'litellm_settings',
  'cache_params',
  'general_settings',
  'key_management_settings',
]);

/** Errors about keys that LiteLLM does not read. */
export function checkKeys(config: unknown, source: Source, facts: LitellmFacts = litellmFacts): Problem[] {
  const problems: Problem[] = [];
  walk(config, '', []);
  return problems;

  function walk(value: unknown, section: string, path: Path): void {
    if (Array.isArray(value)) value.forEach((item, index) => walk(item, section, [...path, index]));
    else if (typeof value === 'object' && value !== null) {
      const known = facts.keys[section] ?? [];
      for (const [key, inner] of Object.entries(value)) {
        if (!known.includes(key) && !Object.hasOwn(KEYS_NOT_DETECTED[section] ?? {}, key)) {
          const message = `LiteLLM ${facts.version} does not read this key${didYouMean(key, known)}`;
          problems.push(source.problem([...path, key], message));
        } else if (!UNCHECKED_SECTIONS.has(key) && (SECTIONS.has(key) || key === 'model_list')) {
          walk(inner, key, [...path, key]);
        }
      }
    }
  }
}

/**
 * Checks config-templates/litellm.yaml: it must be valid YAML with only keys that LiteLLM reads, and none that is rendered from the catalogue.
 * Never throws.
 */
export function checkLitellmTemplate(
  text: string,
  file: string,
  facts: LitellmFacts = litellmFacts,
): Problem[] {
  const { data, source, problems } = readYaml(text, file);
  if (problems.length > 0 || data === undefined || data === null) return problems;
  if (typeof data !== 'object' || Array.isArray(data)) {
    return [source.problem([], 'expected a mapping: litellm_settings, router_settings, general_settings')];
  }
  const used = withoutCache(data as Record<string, unknown>);
  return [
    ...checkKeys(used, source, facts),
    ...clashes(used, rendered(), [], source),
    ...cacheKeys(data as Record<string, unknown>, source),
  ];
}

/** A warning for each key of LiteLLM's own cache. */
function cacheKeys(config: Readonly<Record<string, unknown>>, source: Source): Problem[] {
  return Object.entries(CACHE_KEYS).flatMap(([section, keys]) =>
    keys
      .filter(
        (key) => Object.hasOwn(config, section) && Object.hasOwn(Object(config[section]) as object, key),
      )
      .map((key) =>
        source.problem(
          [section, key],
          "ignored: LiteLLM's own cache is off, the gateway has one of its own",
          {
            severity: 'warning',
            fix: 'remove it, and set `cache` in config-templates/catalog.yaml: docs/cache.md',
          },
        ),
      ),
  );
}

/** The rendered part of the config, for its keys; the values do not matter. */
function rendered(): Record<string, unknown> {
  const { routing, limits, cache } = catalogSchema.shape;
  return generated({
    served: [],
    unavailable: [],
    fallbacks: {},
    warnings: [],
    // Their defaults, so that a new setting needs no change here.
    routing: routing.parse(undefined),
    limits: limits.parse(undefined),
    cache: cache.parse(undefined),
  });
}

function clashes(fixed: object, more: Record<string, unknown>, path: Path, source: Source): Problem[] {
  return Object.entries(fixed).flatMap(([key, value]: [string, unknown]) => {
    if (!Object.hasOwn(more, key) || value === null) return [];
    const theirs = more[key];
    const here = [...path, key];
    const both = [value, theirs].every(
      (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
    );
    if (both) return clashes(value as object, theirs as Record<string, unknown>, here, source);
    return [source.problem(here, 'this comes from catalog.yaml and must not be set here')];
  });
}
