/** Renders aider's files. Pure. */
import type { GatewayAccess, RenderedFile } from './gateway-access.ts';

/** The files of aider. */
export interface AiderPaths {
  /** .aider.conf.yml in the home folder. */
  config: string;
  /** Our file of variables, with the key. */
  env: string;
  /** Our file with the limits and prices of our models. */
  metadata: string;
}

/**
 * Aider's config, the variables with address and key, and the models' limits and prices.
 *
 * Aider reads our variables last, and its own (`AIDER_…`) outrank its config files. LiteLLM, which is in aider, reads OPENAI_BASE_URL
 * before aider's address: without it an exported one would send the gateway's key elsewhere.
 */
export function aiderFiles(access: GatewayAccess, paths: AiderPaths): RenderedFile[] {
  const address = `${access.endpoint}/v1`;
  const variables = {
    AIDER_OPENAI_API_BASE: address,
    AIDER_OPENAI_API_KEY: access.key,
    OPENAI_BASE_URL: address,
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${escaped(value)}'\n`);
  const ours = {
    model: aiderModel(access.model),
    'weak-model': aiderModel(access.smallModel),
    'env-file': paths.env,
    'model-metadata-file': paths.metadata,
  };
  return [
    { path: paths.env, format: 'text', ours: lines.join(''), mode: 0o600 },
    { path: paths.metadata, format: 'text', ours: `${JSON.stringify(metadata(access), null, 2)}\n` },
    { path: paths.config, format: 'yaml', ours },
  ];
}

/** Aider's name of an alias: what is before the slash selects the API. */
export function aiderModel(alias: string): string {
  return `openai/${alias}`;
}

/** In the form of LiteLLM's price map: tokens, and US dollars for one token. */
function metadata({ models }: GatewayAccess): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(models).map(([alias, { limit, cost, modalities }]) => [
      aiderModel(alias),
      {
        litellm_provider: 'openai',
        mode: 'chat',
        max_input_tokens: limit.context,
        max_output_tokens: limit.output,
        max_tokens: limit.output,
        input_cost_per_token: (cost?.input ?? 0) / 1e6,
        output_cost_per_token: (cost?.output ?? 0) / 1e6,
        supports_vision: modalities?.input.includes('image') ?? false,
        supports_pdf_input: modalities?.input.includes('pdf') ?? false,
      },
    ]),
  );
}

/** For a single-quoted value of a dotenv file. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
