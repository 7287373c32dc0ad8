/** Connects clients other than opencode to a stack's gateway. */
import { gatewayAccess, type GatewayAccess } from '../domain/render/gateway-access.ts';
import { clientVariables } from '../domain/render/client-variables.ts';
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
import { exportLines } from '../console/shell.ts';
import { actingUser } from '../client/acting-user.ts';
import { changeClients, type PlannedClient } from '../client/change-clients.ts';
import { clientWithKey, type KeyedClient } from '../client/client-with-key.ts';
import { describeKeyGone, isKeyGone } from './key-gone.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import { connectedTools, type ConnectedTool, planTool } from '../client/tools/connect-tool.ts';
import type { Place } from '../client/tools/tool.ts';
import type { Output } from '../console/output.ts';
import { ownerOf } from './owner.ts';

/**
 * Plans the files of a client other than opencode.
 *
 * @param keyed what the stack has for clients, with the key that is to be written.
 * @param dir a folder for its files instead of its own.
 * @throws UserError if the stack serves no model, or a file is malformed or cannot be read.
 */
export async function planOtherClient(
  client: ToolName,
  stack: string,
  keyed: KeyedClient,
  dir?: string,
): Promise<PlannedClient<ConnectedTool>> {
  const access = requireAccess(stack, keyed);
  return planTool(client, access, ownerOf(stack, access.endpoint, keyed.key), await placeOf(dir));
}

/** Writes the files of those clients again that are connected to this stack, with the same key: its value, address or models may have changed. */
export async function refreshOtherClients(out: Output, stack: string, outputs: RawOutputs): Promise<void> {
  const owner = ownerOf(stack, unlessRefused(readBasics(stack, outputs)).endpoint);
  try {
    const connected = await connectedTools(owner, await placeOf());
    const [gone, current] = [true, false].map((is) =>
      connected.filter((one) => isKeyGone(stack, outputs, one.owner) === is),
    );
    for (const one of gone!) out.warn(describeKeyGone(one.client, stack, one.owner));
    const results = await changeClients(current!, ({ client, owner: before }) =>
      planOtherClient(client, stack, clientWithKey(stack, outputs, before.key)),
    );
    for (const { client, notes, files } of results) {
      for (const note of notes) out.warn(`${client}: ${note}`);
      for (const { path, changed } of files) if (changed) out.progress(`wrote ${path}`);
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
