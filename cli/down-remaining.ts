/** What remains of a stack after `down` and after `stack rm`, and how to remove it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { currentOwner, isSameOwner } from '../client/read-opencode.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { passphrasePath, userPassphrase } from '../engine/passphrase.ts';
import { shortName } from '../engine/state-file.ts';
import { pathsOf } from '../client/connect-files.ts';
import { ownerOf } from './owner.ts';

/** A remaining part of a stack. Printed by `--json`. */
export interface Remaining {
  what: string;
  where: string;
  /** The command that removes it, or what to do. */
  remove: string;
}

/**
 * Everything that remains of a stack on this machine after `down`, in the order in which it should be removed.
 *
 * @param volume the data volume, if it was kept.
 */
export async function remainingParts(stack: string, volume: string | undefined): Promise<Remaining[]> {
  const name = shortName(stack);
  const file = stackFileName(name);
  const settings = existsSync(join(ROOT, file));
  return [
    ...dataIn(volume, `./switchyard down ${stack} --volume ${volume}`),
    ...(await clientFilesOf(stack)),
    ...logsOf(name),
    {
      what: settings ? 'the empty stack, settings and encrypted keys' : 'the empty stack',
      where: settings ? `Pulumi's state, ${file}` : "Pulumi's state",
      remove: `./switchyard stack rm ${name}`,
    },
    ...passphraseOf(name),
  ];
}

/**
 * Everything that remains of a stack on this machine after `stack rm`, likewise.
 *
 * @param volume the data volume that its state named.
 */
export async function remainingAfterRm(stack: string, volume: string | undefined): Promise<Remaining[]> {
  return [
    ...dataIn(volume, `docker volume rm ${volume}`),
    ...(await clientFilesOf(stack)),
    ...logsOf(stack),
    ...passphraseOf(stack),
  ];
}

function dataIn(volume: string | undefined, remove: string): Remaining[] {
  return volume === undefined ? [] : [{ what: 'cache and ledger', where: `volume ${volume}`, remove }];
}

function logsOf(name: string): Remaining[] {
  const logs = inHome('logs', name);
  return existsSync(logs) ? [{ what: "the agents' logs", where: logs, remove: `rm -r ${logs}` }] : [];
}

function passphraseOf(name: string): Remaining[] {
  const file = passphrasePath(name);
  if (userPassphrase(name) || !existsSync(file)) return [];
  return [{ what: 'the passphrase of these keys', where: file, remove: `rm ${file}   # last of all` }];
}

/** The client's files, if they belong to this stack: they name a gateway that does not exist any more. */
async function clientFilesOf(stack: string): Promise<Remaining[]> {
  try {
    const paths = await pathsOf({});
    const owner = await currentOwner(paths);
    if (owner === undefined || !isSameOwner(owner, ownerOf(stack, ''))) return [];
    const remove = `./switchyard connect ${owner.stack} --off`;
    return [{ what: "opencode's entries and keys", where: `${paths.config}, ${paths.auth}`, remove }];
  } catch {
    // A file of the user is malformed: `connect` reports that.
    return [];
  }
}

/** As text: one line each, and below it how to remove it. */
export function describeRemaining(left: readonly Remaining[]): [name: string, text: string][] {
  return left.map(({ what, where, remove }) => [what, `${where}\nremove: ${remove}`]);
}
