/** For whom files are written: under sudo that is the user who called it, not root. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';

/** The user whose files are written. */
export interface ActingUser {
  /** Undefined on systems without user ids. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** The home folder. */
  home: string;
  /** Whether the files are written by root for this user. */
  isSudo: boolean;
}

/**
 * The user who runs the command; under sudo the one who called sudo, with their own home folder.
 *
 * @param env the environment with HOME, SUDO_UID, SUDO_GID and SUDO_USER.
 * @param uid the process's user id.
 * @throws UserError if the home folder of sudo's caller cannot be found.
 */
export async function actingUser(
  env: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): Promise<ActingUser> {
  const [caller, group] = [wholeNumber(env.SUDO_UID), wholeNumber(env.SUDO_GID)];
  if (uid !== 0 || !caller)
    return { uid, gid: process.getgid?.(), home: env.HOME || homedir(), isSudo: false };
  return { uid: caller, gid: group, home: await homeOf(caller, env.SUDO_USER), isSudo: true };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The sixth field of the user's line in the user database. `getent` also knows users that are not in the file. */
async function homeOf(uid: number, name = String(uid)): Promise<string> {
  const found = await execa('getent', ['passwd', String(uid)], { reject: false, stdin: 'ignore' });
  const lines = [found.stdout, await readFile('/etc/passwd', 'utf8').catch(() => '')].join('\n').split('\n');
  const home = lines.map((line) => line.split(':')).find((fields) => fields[2] === String(uid))?.[5];
  if (home) return home;
  throw new UserError(`the home folder of ${name}, who called sudo, cannot be found; nothing was changed`, {
    found: `no line of user id ${uid} in the user database`,
    command: 'run the command without sudo, or name a folder: --dir',
  });
}
