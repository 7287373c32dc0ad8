/** What remains of a stack after `down`, and how to remove it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { currentOwner } from '../client/current-owner.ts';
import { isSameOwner } from '../client/ownership.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { passphrasePath, userPassphrase } from '../engine/passphrase.ts';
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
 * Everything that remains of a removed stack on this machine, in the order in which it should be removed.
 *
 * @param volume the data volume, if it was kept.
 */
export async function remainingParts(stack: string, volume: string | undefined): Promise<Remaining[]> {
  const name = stack.split('/').at(-1) ?? stack;
  const file = stackFileName(name);
  const logs = inHome('logs', name);
  const passphrase = passphrasePath(name);
  return [
    ...(volume === undefined
      ? []
      : [
          {
            what: 'data',
            where: `volume ${volume}`,
            remove: `./switchyard down ${stack} --volume ${volume}`,
          },
        ]),
    ...(await clientFilesOf(stack)),
    ...(existsSync(logs) ? [{ what: "the agents' logs", where: logs, remove: `rm -r ${logs}` }] : []),
    {
      what: 'the empty stack',
      where: "Pulumi's state",
      remove: `eval "$(./switchyard env ${name})" && pulumi stack rm ${stack} --preserve-config`,
    },
    ...(existsSync(join(ROOT, file))
      ? [{ what: 'settings and encrypted keys', where: file, remove: `rm ${file}` }]
      : []),
    ...(!userPassphrase(name) && existsSync(passphrase)
      ? [
          {
            what: 'the passphrase of these keys',
            where: passphrase,
            remove: `rm ${passphrase}   # last of all`,
          },
        ]
      : []),
  ];
}

/** The client's files, if they belong to this stack: they name a gateway that does not exist any more. */
async function clientFilesOf(stack: string): Promise<Remaining[]> {
  try {
    const paths = await pathsOf({});
    const owner = await currentOwner(paths);
    if (owner === undefined || !isSameOwner(owner, ownerOf(stack, ''))) return [];
    const remove = './switchyard connect <another stack>, which replaces them';
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
