/** Writes the client files as part of another command, unless they belong to another stack. */
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { clientFiles, type ClientFiles } from '../client/client-files.ts';
import { currentOwner } from '../client/current-owner.ts';
import { isSameOwner } from '../client/ownership.ts';
import type { Owner } from '../client/record.ts';
import { connect, pathsOf } from './connect.ts';
import { connectCommand } from './connect-text.ts';
import type { Connected, ConnectOptions } from './connect-types.ts';
import type { Output } from '../console/output.ts';
import { isDeployed, ownerOf } from './owner.ts';

/** Client files that were not written, because they belong to another stack. Printed by `--json`. */
export interface LeftAlone {
  /** The client's config file. */
  file: string;
  /** The stack that it belongs to. */
  stack: string;
  /** That stack's endpoint, if known. */
  endpoint?: string;
  /** The command that assigns the files to this stack. */
  command: string;
}

/** One of the two. */
export interface ConnectedOrNot {
  connected?: Connected;
  leftAlone?: LeftAlone;
}

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
  return result;
}

/**
 * The same without a stack's outputs.
 *
 * @param exists whether the stack that owns the files is still deployed.
 */
export async function writeUnlessOwned(
  stack: string,
  files: ClientFiles,
  options: ConnectOptions & { owner: Owner },
  exists: (owner: Owner) => Promise<boolean>,
): Promise<ConnectedOrNot> {
  const paths = await pathsOf(options);
  const owner = await currentOwner(paths);
  if (owner === undefined || isSameOwner(owner, options.owner) || !(await exists(owner)))
    return { connected: await connect(stack, files, options) };
  return {
    leftAlone: {
      file: paths.config,
      stack: owner.stack,
      ...(owner.endpoint === undefined ? {} : { endpoint: owner.endpoint }),
      command: connectCommand(stack, options),
    },
  };
}

/** The result as one line of text. */
export function describeLeftAlone({ file, stack, endpoint, command }: LeftAlone): string {
  const at = endpoint === undefined ? '' : ` (${endpoint})`;
  return `not changed: ${file} belongs to stack ${stack}${at}; to switch: ${command}`;
}
