/** Renders Claude Code's settings. Pure. */
import { type GatewayAccess, keyFile, type RenderedFile, tierAlias } from './gateway-access.ts';

/** The files of Claude Code. */
export interface ClaudeCodePaths {
  /** settings.json of the user, not of a project. */
  settings: string;
  /** Our file with the key. */
  key: string;
}

/** How many tokens Claude Code lets a model write by default. */
const DEFAULT_OUTPUT = 32_000;

/**
 * Claude Code's settings and the key's file. The settings hold no key, since many people keep them in git: a command reads it. It is run
 * again after a 401, so a running session survives a new key.
 *
 * @param readKey the command that prints the key, as one line of sh.
 */
export function claudeCodeFiles(
  access: GatewayAccess,
  paths: ClaudeCodePaths,
  readKey: string,
): RenderedFile[] {
  const env: Record<string, string> = { ANTHROPIC_BASE_URL: access.endpoint };
  const tiers = tierModels(access);
  for (const [tier, alias] of Object.entries(tiers)) env[`ANTHROPIC_DEFAULT_${tier}_MODEL`] = alias;
  const limits = Object.values(tiers).flatMap((alias) => access.models[alias]?.limit ?? []);
  // Claude Code does not know how much a gateway's model holds: it assumes up to a million tokens, and compacts too late.
  env.CLAUDE_CODE_AUTO_COMPACT_WINDOW = String(Math.min(...limits.map(({ context }) => context)));
  const output = Math.min(...limits.map((limit) => limit.output));
  if (output < DEFAULT_OUTPUT) env.CLAUDE_CODE_MAX_OUTPUT_TOKENS = String(output);
  return [
    keyFile(paths.key, access),
    { path: paths.settings, format: 'json', ours: { apiKeyHelper: readKey, env } },
  ];
}

/** The alias for each of Claude Code's tiers. Its own model names are unknown to the gateway, so each tier needs one. */
export function tierModels(access: GatewayAccess): Record<'OPUS' | 'SONNET' | 'HAIKU', string> {
  return {
    OPUS: tierAlias(access, 'opus', access.model),
    SONNET: tierAlias(access, 'sonnet', access.model),
    HAIKU: tierAlias(access, 'haiku', access.smallModel),
  };
}
