/** The output `plan`: what a deployment serves to callers, in a form that can be compared with another deployment's. Pure. */
import { createHash } from 'node:crypto';
import { OUTPUTS_VERSION, type PlanOutput } from '../schema/outputs-schema.ts';

type Section = Readonly<Record<string, unknown>>;

/** A deployment in LiteLLM's config. */
interface Deployment {
  model_name: string;
  litellm_params: Section & { model: string };
  model_info?: Section & { id?: string };
}

/** The sections of LiteLLM's config that the plan treats separately. */
interface LitellmConfig {
  model_list?: readonly Deployment[] | null;
  router_settings?: (Section & { fallbacks?: readonly Record<string, string[]>[] | null }) | null;
  general_settings?: Section | null;
}

/** The inputs for a plan. */
export interface PlanSources {
  /** LiteLLM's config as data. */
  config: Section;
  /** The settings of Switchyard's own programs in the gateways. */
  gateway: Section;
  /** All files without secrets that a gateway starts with. */
  files: readonly { path: string; content: string }[];
}

/** Builds the plan from the config that LiteLLM gets, so that it shows every change of that config. */
export function planOutput({ config, gateway, files }: PlanSources): PlanOutput {
  const { model_list, router_settings, general_settings, ...rest } = config as LitellmConfig & Section;
  const byAlias = Map.groupBy(model_list ?? [], (deployment) => deployment.model_name);
  return {
    version: OUTPUTS_VERSION,
    models: Object.fromEntries(
      [...byAlias].map(([alias, deployments]) => [
        alias,
        {
          upstreams: [...new Set(deployments.map(({ litellm_params }) => litellm_params.model))],
          deployments: deployments.map(({ model_info }) => model_info?.id ?? alias),
          options: options(deployments[0]),
        },
      ]),
    ),
    fallbacks: Object.assign({}, ...(router_settings?.fallbacks ?? [])) as Record<string, string[]>,
    settings: {
      ...rest,
      router_settings: without(router_settings, ['fallbacks']),
      // Omitted, since it lists the keys: a changed key shows as a change of that key's own resource.
      general_settings: without(general_settings, ['key_management_settings']),
      ...gateway,
    },
    files: Object.fromEntries(files.map(({ path, content }) => [path, summary(content)])),
  };
}

/** The options of an alias that affect callers, without its upstream and keys. All deployments of an alias have the same. */
function options(deployment: Deployment | undefined): Record<string, unknown> {
  return {
    ...without(deployment?.litellm_params, ['model', 'api_key', 'order']),
    ...without(deployment?.model_info, ['id']),
  };
}

function without(section: Section | null | undefined, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section ?? {}).filter(([name]) => !names.includes(name)));
}

function summary(content: string): PlanOutput['files'][string] {
  return {
    sha256: createHash('sha256').update(content).digest('hex').slice(0, 16),
    lines: content.split('\n').length,
  };
}
