/** What a client other than opencode needs of a stack: its gateway's address, key and models, and the default ones. Pure. */
import { GATEWAY } from '../plan/lanes.ts';
import { MOCK_ALIAS } from '../schema/catalog-schema.ts';
import {
  enableProviders,
  type OpencodeAuth,
  type OpencodeConfig,
  type OpencodeModel,
} from './opencode-files.ts';

/** The gateway as a client sees it. */
export interface GatewayAccess {
  /** The stack's name, which clients show. */
  stack: string;
  /** The address without a path, e.g. `http://127.0.0.1:4000`. */
  endpoint: string;
  /** The key that clients send. */
  key: string;
  /** The served chat models by alias. */
  models: Readonly<Record<string, OpencodeModel>>;
  /** The alias to use by default. */
  model: string;
  /** The cheapest alias: for titles, summaries and commit messages. */
  smallModel: string;
}

/** A file of a client, with what Switchyard wants in it. */
export interface RenderedFile {
  /** An absolute path. */
  path: string;
  /** `json` has no comments, `jsonc` may have some; `text` is written as a whole. */
  format: 'json' | 'jsonc' | 'toml' | 'yaml' | 'text';
  /** The values that are merged into the user's; the whole text if the format is `text`. */
  ours: Record<string, unknown> | string;
  /** Its permissions, 0600 for a file with a key; by default those of the existing file. */
  mode?: number;
  /** Paths of objects that are ours as a whole unless the user had one there before: they go with whatever was changed in them. */
  blocks?: readonly (readonly string[])[];
}

/**
 * The gateway from the stack's client files.
 *
 * @returns undefined if it serves no model, or the stack gives clients no key.
 */
export function gatewayAccess(
  stack: string,
  config: OpencodeConfig,
  auth: OpencodeAuth,
): GatewayAccess | undefined {
  const provider = config.provider[GATEWAY];
  const key = auth[GATEWAY]?.key;
  const { model, small_model } = enableProviders(config, [GATEWAY], [GATEWAY]);
  if (provider === undefined || key === undefined || model === undefined) return undefined;
  const alias = (name: string): string => name.slice(GATEWAY.length + 1);
  return {
    stack,
    endpoint: provider.options.baseURL.replace(/\/v1$/, ''),
    key,
    models: provider.models,
    model: alias(model),
    smallModel: alias(small_model ?? model),
  };
}

/**
 * The alias for one of Anthropic's tiers: the first one that bears the tier's name, or is served by a model that does.
 *
 * @param otherwise the alias if there is none, e.g. because no model of Anthropic is served.
 */
export function tierAlias({ models }: GatewayAccess, tier: string, otherwise: string): string {
  const aliases = Object.keys(models).filter((alias) => alias !== MOCK_ALIAS);
  const bears = (text: string): boolean => text.toLowerCase().includes(tier);
  return (
    aliases.find((alias) => bears(alias)) ??
    aliases.find((alias) => bears(models[alias]?.name ?? '')) ??
    otherwise
  );
}

/** The key as the text of its own file. */
export function keyFile(path: string, { key }: GatewayAccess): RenderedFile {
  return { path, format: 'text', ours: `${key}\n`, mode: 0o600 };
}
