/** Writes the client files as part of another command, unless they belong to another stack; those of other clients if they are this stack's. */
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { clientFiles } from '../client/client-files.ts';
import { writeUnlessOwned } from '../client/connect-files.ts';
import type { ConnectedOrNot, ConnectOptions } from '../client/connect-types.ts';
import type { Output } from '../console/output.ts';
import { refreshOtherClients } from './connect-clients.ts';
import { isDeployed, ownerOf } from './owner.ts';

/**
 * As `connectFrom`, but does not write files that belong to another stack that is still deployed.
 *
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function connectUnlessOwned(
  out: Output,
  stack: string,
  outputs: RawOutputs,
  options: ConnectOptions,
): Promise<ConnectedOrNot> {
  const files = clientFiles(stack, outputs);
  const me = ownerOf(stack, unlessRefused(readBasics(stack, outputs)).endpoint);
  const result = await writeUnlessOwned(stack, files, { ...options, owner: me }, (other) =>
    isDeployed(other, me),
  );
  for (const note of result.connected?.notes ?? []) out.warn(note);
  if (options.dir === undefined) await refreshOtherClients(out, stack, outputs);
  return result;
}
