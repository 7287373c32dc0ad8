/** What `down` leaves of a stack, and how each is removed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { currentOwner } from '../client/current-owner.ts';
import { isSameOwner } from '../client/ownership.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { ownArrangement, passphrasePath } from '../engine/passphrase.ts';
import { pathsOf } from '../client/connect-files.ts';
import { ownerOf } from './owner.ts';

/** Something of a stack that is still there. As `--json` prints it. */
export interface Left {
  what: string;
  where: string;
  /** The command that removes it, or what to do. */
  remove: string;
}

/**
 * Everything that a removed stack leaves on this machine, what is needed longest last.
 *
 * @param volume the data volume, if it was kept.
 */
export async function leftBehind(stack: string, volume: string | undefined): Promise<Left[]> {
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
    ...(!ownArrangement(name) && existsSync(passphrase)
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

/** The client's files, where they are this stack's: they name a gateway that is gone. */
async function clientFilesOf(stack: string): Promise<Left[]> {
  try {
    const paths = await pathsOf({});
    const owner = await currentOwner(paths);
    if (owner === undefined || !isSameOwner(owner, ownerOf(stack, ''))) return [];
    const remove = './switchyard connect <another stack>, which replaces them';
    return [{ what: "opencode's entries and keys", where: `${paths.config}, ${paths.auth}`, remove }];
  } catch {
    // A malformed file of the user's: `connect` says what is wrong with it.
    return [];
  }
}

/** For people: one line each, and below it how it is removed. */
export function describeLeft(left: readonly Left[]): [name: string, text: string][] {
  return left.map(({ what, where, remove }) => [what, `${where}\nremove: ${remove}`]);
}
