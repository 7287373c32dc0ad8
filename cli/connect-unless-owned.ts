/** Writes the client files as part of another command, unless they belong to another stack; those of other clients if they are this stack's. */
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { clientWithKey } from '../client/client-with-key.ts';
import { pathsOf, writeUnlessOwned } from '../client/connect-files.ts';
import type { ConnectedOrNot, ConnectOptions } from '../client/connect-types.ts';
import type { Output } from '../console/output.ts';
import { currentOwner, isSameOwner } from '../client/read-opencode.ts';
import { describeKeyGone, isKeyGone } from './key-gone.ts';
import { refreshOtherClients } from './connect-clients.ts';
import { isDeployed, ownerOf } from './owner.ts';

/**
 * As `connectFrom`, but does not write files that belong to another stack that is still deployed, or that were switched off. Files of this stack keep their key.
 *
 * @param options `onlyOwn`: write only files that belong to this stack already, none that belong to no stack.
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function connectUnlessOwned(
  out: Output,
  stack: string,
  outputs: RawOutputs,
  options: Omit<ConnectOptions, 'key'> & { onlyOwn?: boolean },
): Promise<ConnectedOrNot> {
  const { endpoint } = unlessRefused(readBasics(stack, outputs));
  const me = ownerOf(stack, endpoint);
  const before = await currentOwner(await pathsOf(options));
  const own = before !== undefined && isSameOwner(before, me) ? before : undefined;
  const result = await writeOpencode();
  if (options.dir === undefined) await refreshOtherClients(out, stack, outputs);
  return result;

  async function writeOpencode(): Promise<ConnectedOrNot> {
    if (options.onlyOwn && own === undefined) return {};
    if (own !== undefined && isKeyGone(stack, outputs, own)) {
      out.warn(describeKeyGone('opencode', stack, own));
      return {};
    }
    const files = clientWithKey(stack, outputs, own?.key);
    const owner = ownerOf(stack, endpoint, files.key);
    const written = await writeUnlessOwned(stack, files, { ...options, owner }, (other) =>
      isDeployed(other, owner),
    );
    for (const note of written.connected === undefined ? [] : [...files.notes, ...written.connected.notes])
      out.warn(note);
    return written;
  }
}
