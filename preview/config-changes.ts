/** What a change of LiteLLM's config means for those who call models. Pure. */
import { parse } from 'yaml';
import { describeDifference, differences } from './leaves.ts';

interface Deployment {
  model_name: string;
  litellm_params: Record<string, unknown> & { model: string };
  model_info?: Record<string, unknown>;
}

interface LitellmConfig {
  model_list?: Deployment[];
  router_settings?: { fallbacks?: Record<string, string[]>[] } & Record<string, unknown>;
  general_settings?: Record<string, unknown>;
  [section: string]: unknown;
}

/** Sentences about aliases, upstreams, chains and settings that differ between two texts of LiteLLM's config. */
export function configMeanings(before: string, after: string): string[] {
  const [old, next] = [before, after].map((text) => (parse(text) ?? {}) as LitellmConfig) as [
    LitellmConfig,
    LitellmConfig,
  ];
  return [...modelMeanings(old, next), ...chainMeanings(old, next), ...otherMeanings(old, next)];
}

function modelMeanings(before: LitellmConfig, after: LitellmConfig): string[] {
  const [old, next] = [byAlias(before), byAlias(after)];
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((alias) => {
    const [was, is] = [old.get(alias), next.get(alias)];
    if (is === undefined) return [`${alias} is no longer served`];
    if (was === undefined) return [`${alias} is new, served by ${upstreams(is)}`];
    return aliasMeanings(alias, was, is);
  });
}

/** What differs for an alias that stays. */
function aliasMeanings(alias: string, was: Deployment[], is: Deployment[]): string[] {
  const said: string[] = [];
  if (upstreams(was) !== upstreams(is))
    said.push(`${alias} will be served by ${upstreams(is)} (now: ${upstreams(was)})`);
  if (was.length !== is.length) said.push(`${alias} will have ${keys(is.length)} (now: ${was.length})`);
  const [first, second] = [params(was[0]), params(is[0])];
  for (const difference of differences(first, second))
    said.push(`${alias}: ${describeDifference(difference)}`);
  return said;
}

/** What a caller may notice of a deployment, beside its upstream and its key. */
function params(deployment: Deployment | undefined): Record<string, unknown> {
  return {
    ...without(deployment?.litellm_params ?? {}, ['model', 'api_key', 'order']),
    ...without(deployment?.model_info ?? {}, ['id']),
  };
}

function without(section: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !names.includes(name)));
}

function keys(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}

function upstreams(deployments: Deployment[]): string {
  return [...new Set(deployments.map((deployment) => deployment.litellm_params.model))].join(' and ');
}

function byAlias(config: LitellmConfig): Map<string, Deployment[]> {
  return Map.groupBy(config.model_list ?? [], (deployment) => deployment.model_name);
}

function chainMeanings(before: LitellmConfig, after: LitellmConfig): string[] {
  const [old, next] = [chains(before), chains(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((alias) => {
    const [was, is] = [old[alias] ?? [], next[alias] ?? []];
    if (was.join() === is.join()) return [];
    if (is.length === 0) return [`${alias} no longer falls back to anything (before: ${was.join(', ')})`];
    return [`${alias} now falls back to ${is.join(', ')} (before: ${was.join(', ') || 'nothing'})`];
  });
}

function chains(config: LitellmConfig): Record<string, string[]> {
  return Object.assign({}, ...(config.router_settings?.fallbacks ?? [])) as Record<string, string[]>;
}

function otherMeanings(before: LitellmConfig, after: LitellmConfig): string[] {
  const rest = (config: LitellmConfig): unknown => ({
    ...without(config, ['model_list']),
    router_settings: without(config.router_settings ?? {}, ['fallbacks']),
    // It lists the keys, of which others speak.
    general_settings: without(config.general_settings ?? {}, ['key_management_settings']),
  });
  return differences(rest(before), rest(after)).map(
    (difference) => `gateway setting ${describeDifference(difference)}`,
  );
}
