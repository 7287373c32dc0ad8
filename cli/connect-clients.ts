/** Connects clients other than opencode to a stack's gateway. */
import { gatewayAccess, type GatewayAccess } from '../domain/render/gateway-access.ts';
import { clientVariables } from '../domain/render/client-variables.ts';
import { DEFAULT_KEY } from '../domain/plan/key-plan.ts';
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
import { exportLines } from '../console/shell.ts';
import { actingUser } from '../client/acting-user.ts';
import { clientWithKey, type KeyedClient } from '../client/client-with-key.ts';
import { describeKeyGone, isKeyGone } from './key-gone.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import { connectedTools, type ConnectedTool, connectTool } from '../client/tools/connect-tool.ts';
import type { Place } from '../client/tools/tool.ts';
import type { Output } from '../console/output.ts';
import { ownerOf } from './owner.ts';

/** A connected client, and the result as text. */
interface ConnectedClient {
  result: ConnectedTool;
  text: string;
}

/**
 * Writes the files of these clients, and prints warnings about the user's own values.
 *
 * @throws UserError if the stack serves no model, or a file is malformed or cannot be written.
 */
export async function connectOtherClients(
  out: Output,
  stack: string,
  outputs: RawOutputs,
  { clients, dir, key }: { clients: readonly ToolName[]; dir?: string | undefined; key?: string | undefined },
): Promise<ConnectedClient[]> {
  const connected: ConnectedClient[] = [];
  if (clients.length === 0) return connected;
  const keyed = clientWithKey(stack, outputs, key);
  const access = requireAccess(stack, keyed);
  const owner = ownerOf(stack, access.endpoint, keyed.key);
  const place = await placeOf(dir);
  for (const client of clients) {
    const result = await connectTool(client, access, owner, place);
    for (const note of result.notes) out.warn(`${client}: ${note}`);
    connected.push({ result, text: describe(result) });
  }
  return connected;
}

/** Writes the files of those clients again that are connected to this stack, with the same key: its value, address or models may have changed. */
export async function refreshOtherClients(out: Output, stack: string, outputs: RawOutputs): Promise<void> {
  const owner = ownerOf(stack, unlessRefused(readBasics(stack, outputs)).endpoint);
  try {
    for (const { client, owner: before } of await connectedTools(owner, await placeOf())) {
      if (isKeyGone(stack, outputs, before)) {
        out.warn(describeKeyGone(client, stack, before));
        continue;
      }
      const options = { clients: [client], key: before.key };
      for (const { result } of await connectOtherClients(out, stack, outputs, options))
        for (const { path, changed } of result.files) if (changed) out.progress(`wrote ${path}`);
    }
  } catch (error) {
    // The deployment has succeeded, and opencode's files are written.
    if (!(error instanceof UserError)) throw error;
    out.warn(`the files of other clients were not written: ${error.message}`);
  }
}

/** Prints the variables for any client as lines for `eval`. */
export function printVariables(out: Output, stack: string, client: KeyedClient): void {
  const { set, unset } = clientVariables(requireAccess(stack, client));
  const lines = [exportLines(set), ...unset.map((name) => `unset ${name}`)];
  out.result({ stack, variables: set, unset }, lines.join('\n'), { verbatim: true });
}

function requireAccess(stack: string, { config, auth }: KeyedClient): GatewayAccess {
  const access = gatewayAccess(stack, config, auth);
  if (access !== undefined) return access;
  throw new UserError(`stack ${stack} serves no model for a client`, {
    command: `./switchyard models ${stack}`,
  });
}

/** Where clients are set up for this user. */
export async function placeOf(dir?: string): Promise<Place> {
  return { home: (await actingUser()).home, env: process.env, ...(dir === undefined ? {} : { dir }) };
}

function describe(tool: ConnectedTool): string {
  const { client, stack, key = DEFAULT_KEY, switchedFrom, files, removed, model, try: tryIt } = tool;
  return [
    ...(switchedFrom ? [`switched   from ${switchedFrom} to ${stack}`] : []),
    ...files.map(({ path, changed }) => `${changed ? 'wrote' : 'unchanged'}  ${path}`),
    ...removed.map((path) => `removed    ${path}`),
    ...(key === DEFAULT_KEY ? [] : [`key        ${key}`]),
    `${client.padEnd(10)} uses ${model} by default`,
    `try it     ${tryIt}`,
  ].join('\n');
}
