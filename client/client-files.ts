/** The client's two files from the stack's outputs, and how they are adapted before they are written. */
import { GATEWAY, PORTKEY } from '../domain/plan/lanes.ts';
import {
  type OpencodeAuth,
  type OpencodeConfig,
  PORTKEY_KEY_FILE,
  enableProviders,
} from '../domain/render/opencode-files.ts';
import { type RawOutputs, readClient, type StackClient } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';

/** opencode.json and auth.json, parsed. */
export interface ClientFiles {
  config: OpencodeConfig;
  auth: OpencodeAuth;
  /** All of our keys, whether they are in `auth` or not; by default those in it. */
  known?: OpencodeAuth;
}

/**
 * Reads the client's files from a stack's outputs.
 *
 * @throws UserError if the stack is not deployed, or was deployed by a release whose outputs this one cannot read.
 */
export function clientFiles(stack: string, outputs: RawOutputs): StackClient {
  return unlessRefused(readClient(stack, outputs));
}

/** The files with only the gateway's own key: no direct provider, and no provider's key. */
export function gatewayOnly(files: ClientFiles): ClientFiles {
  const master = files.auth[GATEWAY]?.key;
  // Portkey in mode local is reached through the gateway's own port, with the same key.
  const gatewayKeys = Object.entries(files.auth).filter(([, entry]) => entry.key === master);
  const names = gatewayKeys.map(([name]) => name);
  const priority = files.config.enabled_providers.toSorted(byGatewayFirst);
  const config = structuredClone(files.config);
  // Its header reads a key file that is not written here, and with a missing file every command of opencode fails.
  if (!names.includes(PORTKEY)) delete config.provider[PORTKEY]?.options.headers;
  return { config: enableProviders(config, names, priority), auth: Object.fromEntries(gatewayKeys) };
}

/**
 * The files with one provider only, and its key: what an agent that is pinned to it needs.
 *
 * @param provider the client's name for it, e.g. `groq-direct`.
 */
export function oneProviderOnly(files: ClientFiles, provider: string): ClientFiles {
  const { [provider]: entry } = files.config.provider;
  const { [provider]: key } = files.auth;
  const config = { ...files.config, provider: entry === undefined ? {} : { [provider]: entry } };
  return {
    config: enableProviders(config, [provider], [provider]),
    auth: key === undefined ? {} : { [provider]: key },
  };
}

/**
 * The files with a header on the gateway's provider that names who asks. The gateway's ledger records it; other providers do not get it.
 *
 * @param agent the agent's name. @param lane its lane.
 */
export function withNameOf(agent: string, lane: string, files: ClientFiles): ClientFiles {
  const { [GATEWAY]: gateway, ...others } = files.config.provider;
  if (gateway === undefined) return files;
  const headers = { ...gateway.options.headers, 'x-litellm-tags': `agent:${agent},lane:${lane}` };
  const provider = { ...others, [GATEWAY]: { ...gateway, options: { ...gateway.options, headers } } };
  return { ...files, config: { ...files.config, provider } };
}

function byGatewayFirst(a: string, b: string): number {
  return Number(b === GATEWAY) - Number(a === GATEWAY);
}

/**
 * The files with Portkey's header pointing to its key file.
 *
 * @param keyFile an absolute path.
 */
export function withPortkeyKeyFile(files: ClientFiles, keyFile: string): ClientFiles {
  const text = JSON.stringify(files.config).replaceAll(JSON.stringify(`{file:${PORTKEY_KEY_FILE}}`), () =>
    JSON.stringify(`{file:${keyFile}}`),
  );
  return { ...files, config: JSON.parse(text) as OpencodeConfig };
}

/** Whether opencode.json reads Portkey's key from a file. */
export function usesPortkeyKeyFile(config: OpencodeConfig): boolean {
  return JSON.stringify(config.provider).includes('"x-portkey-api-key"');
}

/** The files without these providers, under whose names the user has entries. They are off, so nothing else refers to them. */
export function withoutProviders(files: ClientFiles, names: readonly string[]): ClientFiles {
  if (names.length === 0) return files;
  const isOurs = (name: string): boolean => !names.includes(name);
  const { provider, disabled_providers: disabled } = files.config;
  return {
    ...files,
    config: {
      ...files.config,
      provider: Object.fromEntries(Object.entries(provider).filter(([name]) => isOurs(name))),
      disabled_providers: disabled.filter(isOurs),
    },
  };
}
