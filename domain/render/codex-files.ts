/** Renders Codex's config. Pure. */
import { OUR_MARK } from './opencode-files.ts';
import { type GatewayAccess, keyFile, type RenderedFile } from './gateway-access.ts';

/** The files of Codex. */
export interface CodexPaths {
  /** config.toml. */
  config: string;
  /** Our file with the key. */
  key: string;
}

/** The name of our provider in Codex's config. */
export const CODEX_PROVIDER = 'switchyard';

/**
 * Codex's config and the key's file. Codex sends the key of its auth.json to its own providers only; for others a command prints the key.
 * Codex speaks only the Responses API.
 */
export function codexFiles(access: GatewayAccess, paths: CodexPaths): RenderedFile[] {
  const provider = {
    name: `${OUR_MARK} ${access.stack}`,
    base_url: `${access.endpoint}/v1`,
    wire_api: 'responses',
    auth: { command: 'cat', args: [paths.key] },
  };
  const ours = {
    model: access.model,
    model_provider: CODEX_PROVIDER,
    // Codex takes an unknown model to hold 272,000 tokens.
    model_context_window: access.models[access.model]?.limit.context,
    model_providers: { [CODEX_PROVIDER]: provider },
  };
  return [
    keyFile(paths.key, access),
    { path: paths.config, format: 'toml', ours, blocks: [['model_providers', CODEX_PROVIDER]] },
  ];
}
