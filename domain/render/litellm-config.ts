/** Renders LiteLLM's config: the fixed part comes from config-templates/litellm.yaml, the rest from the plan. Pure. */
import { parse, stringify } from 'yaml';
import type { Plan, ServedModel } from '../plan/plan-types.ts';
import { MOCK_ALIAS } from '../schema/catalog-schema.ts';
import { NO_KEY_VALUE } from '../schema/provider-key-names.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Section = Record<string, Json>;

/** The mock's answer. It must not be mistaken for a model's answer. Its command works in a new shell, in the checkout. */
export const MOCK_ANSWER =
  'This is the mock model of Switchyard: the gateway works, and no provider was asked. Set a key for real answers, for the stack dev so: ' +
  'eval "$(./switchyard env dev)" && pulumi config set --secret OPENAI_API_KEY --stack dev && ./switchyard up dev';

const HEAD =
  '# Rendered by Switchyard from config-templates/catalog.yaml and litellm.yaml: edit those. Holds no key.\n';

/**
 * LiteLLM's config as text. The same input always results in the same text.
 *
 * @param plan what is served.
 * @param fixed the text of config-templates/litellm.yaml.
 * @throws Error if a key is in both parts. `checkLitellmTemplate` reports that earlier, with line and column.
 */
export function renderLitellm(plan: Plan, fixed: string): string {
  const config = litellmConfig(plan, fixed);
  // LiteLLM reads YAML 1.1, in which an alias like on, 5_0 or 2026-10-23 is a string only if it is quoted.
  return HEAD + stringify(config, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Keys of litellm.yaml that are left out, by section: those of LiteLLM's own cache. The gateway's cache takes its place, and an answer that
 * LiteLLM stored would come around it. `checkLitellmTemplate` warns about them, since earlier releases had some of them in the file.
 */
export const CACHE_KEYS: Readonly<Record<string, readonly string[]>> = {
  litellm_settings: ['cache_params', 'enable_caching_on_provider_specific_optional_params'],
  router_settings: ['cache_responses', 'caching_groups'],
};

/** The same config as data. */
export function litellmConfig(plan: Plan, fixed: string): Section {
  return merge(withoutCache((parse(fixed) ?? {}) as Section), generated(plan), '');
}

/** The fixed part without {@link CACHE_KEYS}. */
export function withoutCache<Value>(fixed: Readonly<Record<string, Value>>): Record<string, Value> {
  const entries = Object.entries(fixed).map(([name, section]): [string, Value] => {
    const unused = Object.hasOwn(CACHE_KEYS, name) ? CACHE_KEYS[name] : undefined;
    if (unused === undefined || typeof section !== 'object' || section === null) return [name, section];
    const used = Object.entries(section).filter(([key]) => !unused.includes(key));
    return [name, Object.fromEntries(used) as Value];
  });
  return Object.fromEntries(entries);
}

/** The part of the config that comes from the plan. */
export function generated(plan: Plan): Section {
  const { routing, limits, fallbacks } = plan;
  const keyNames = new Set(
    plan.served.flatMap(({ deployments }) => deployments.flatMap(({ keyName }) => keyName ?? [])),
  );
  return {
    model_list: plan.served.flatMap(deploymentsOf),
    router_settings: {
      routing_strategy: routing.strategy,
      fallbacks: Object.entries(fallbacks).map(([alias, chain]) => ({ [alias]: [...chain] })),
      // Each additional key of a provider counts as a fallback too. LiteLLM's default of five would cut off the end of long chains.
      max_fallbacks: 100,
    },
    litellm_settings: {
      request_timeout: limits.requestTimeout,
      // Otherwise OpenAI's client retries embeddings twice with a rate-limited key before the next key is tried.
      DEFAULT_MAX_RETRIES: 0,
      // The gateway has its own cache before LiteLLM: runtimes/gateway/image/programs/cache.py.
      cache: false,
    },
    general_settings: {
      max_in_flight_requests_per_worker: limits.parallelRequests,
      max_queued_requests_per_worker: 0,
      key_management_settings: { hosted_keys: [...keyNames].sort() },
    },
  };
}

function deploymentsOf(model: ServedModel): Section[] {
  const ranked = model.deployments.length > 1;
  return model.deployments.map(({ id, keyName, order }) => ({
    model_name: model.alias,
    litellm_params: {
      model: model.litellmModel,
      ...apiKey(model, keyName),
      ...(model.apiBase === undefined ? {} : { api_base: model.apiBase }),
      ...(model.headers === undefined ? {} : { extra_headers: model.headers }),
      ...(model.provider === MOCK_ALIAS ? { mock_response: MOCK_ANSWER } : {}),
      ...(ranked ? { order } : {}),
      timeout: model.timeout,
      stream_timeout: model.streamTimeout,
      max_parallel_requests: model.maxParallel,
    },
    model_info: {
      ...{ id, mode: model.mode },
      ...facts(model),
    },
  }));
}

/** The key as a reference to its file. Never left out: LiteLLM would look for one itself. The mock calls nothing. */
function apiKey({ provider }: ServedModel, keyName: string | undefined): Section {
  if (keyName !== undefined) return { api_key: `os.environ/${keyName}` };
  return provider === MOCK_ALIAS ? {} : { api_key: NO_KEY_VALUE };
}

/** The model's limits, and its price unless LiteLLM's price map has it. */
function facts({ limit, cost, priced }: ServedModel): Section {
  return {
    ...(limit ? { max_input_tokens: limit.context, max_output_tokens: limit.output } : {}),
    ...(cost && !priced
      ? { input_cost_per_token: perToken(cost.input), output_cost_per_token: perToken(cost.output) }
      : {}),
  };
}

/** Dollars per token, without rounding errors of the division. */
function perToken(perMillion: number): number {
  return Number((perMillion / 1_000_000).toPrecision(12));
}

/** Merges two trees of sections. Any other value must be in only one of them. */
function merge(fixed: Section, more: Section, path: string): Section {
  const merged: Section = { ...fixed };
  for (const [key, value] of Object.entries(more)) {
    const there = merged[key];
    if (there === undefined || there === null) merged[key] = value;
    else if (isSection(there) && isSection(value)) merged[key] = merge(there, value, `${path}${key}.`);
    else throw new Error(`litellm.yaml must not set ${path}${key}: it comes from catalog.yaml`);
  }
  return merged;
}

function isSection(value: Json): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
