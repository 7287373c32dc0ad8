/** The client's two files as the stack's outputs hold them, and what can be done with them before they are written. */
import { GATEWAY, PORTKEY } from '../domain/plan/lanes.ts';
import {
  type OpencodeAuth,
  type OpencodeConfig,
  PORTKEY_KEY_FILE,
  switchOn,
} from '../domain/render/opencode-files.ts';
import { type RawOutputs, readClient, type StackClient } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';

/** opencode.json and auth.json, parsed. */
export interface ClientFiles {
  config: OpencodeConfig;
  auth: OpencodeAuth;
}

/**
 * The client's files in a stack's outputs.
 *
 * @throws UserError where the stack is not deployed, or by a release that this one cannot read.
 */
export function clientFiles(stack: string, outputs: RawOutputs): StackClient {
  return unlessRefused(readClient(stack, outputs));
}

/** The files with the gateway's own key alone: no direct provider, no key of any maker. */
export function gatewayOnly(files: ClientFiles): ClientFiles {
  const master = files.auth[GATEWAY]?.key;
  // Portkey in mode local is reached through the gateway's own port, with the same key.
  const kept = Object.entries(files.auth).filter(([, entry]) => entry.key === master);
  const names = kept.map(([name]) => name);
  const priority = files.config.enabled_providers.toSorted(byGatewayFirst);
  const config = structuredClone(files.config);
  // Its header reads a file that is not written now, and a missing file fails every command of the client.
  if (!names.includes(PORTKEY)) delete config.provider[PORTKEY]?.options.headers;
  return { config: switchOn(config, names, priority), auth: Object.fromEntries(kept) };
}

function byGatewayFirst(a: string, b: string): number {
  return Number(b === GATEWAY) - Number(a === GATEWAY);
}

/**
 * The files with Portkey's header pointing to where its key is written.
 *
 * @param keyFile an absolute path.
 */
export function withPortkeyKeyFile(files: ClientFiles, keyFile: string): ClientFiles {
  const text = JSON.stringify(files.config).replaceAll(JSON.stringify(`{file:${PORTKEY_KEY_FILE}}`), () =>
    JSON.stringify(`{file:${keyFile}}`),
  );
  return { ...files, config: JSON.parse(text) as OpencodeConfig };
}

/** Whether opencode.json takes Portkey's key from a file. */
export function wantsPortkeyKeyFile(config: OpencodeConfig): boolean {
  return JSON.stringify(config.provider).includes('"x-portkey-api-key"');
}
