/** Reads and replaces a file in a container, running or not, and runs commands in one. */
import { posix } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { packFile, unpackFile } from './tar-file.ts';

/** Docker answers within this time, or is considered to hang. */
const TIMEOUT_MS = 20_000;

/** The text of a file in a container. */
export async function readContainerFile(container: string, path: string): Promise<string> {
  return unpackFile(await docker(['cp', `${container}:${path}`, '-']));
}

/**
 * Replaces a file in a container with one that belongs to root and that its group can read, as the uploads of infra/container.ts.
 *
 * Docker removes the old file and writes the new one, as root: the containers' user may not write there, so nothing in the container can
 * rename it. A reader that meets the moment between finds no file, or an incomplete one.
 */
export async function writeContainerFile(container: string, path: string, text: string): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000);
  const archive = await packFile(posix.basename(path), text, { mode: 0o440, seconds });
  await docker(['cp', '-', `${container}:${posix.dirname(path)}`], archive);
}

/** The standard output of a command in a running container. Secrets go by standard input only. */
export async function runInContainer(
  container: string,
  command: readonly string[],
  input: string,
): Promise<string> {
  return (await docker(['exec', '--interactive', container, ...command], Buffer.from(input))).toString();
}

/** @throws UserError with Docker's message. */
async function docker(args: string[], input?: Buffer): Promise<Buffer> {
  const result = await execa('docker', args, {
    reject: false,
    encoding: 'buffer',
    timeout: TIMEOUT_MS,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });
  if (result.exitCode === 0) return Buffer.from(result.stdout);
  const said = Buffer.from(result.stderr).toString().trim().split('\n').at(-1);
  throw new UserError(`docker ${args[0]} failed`, {
    found: result.timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : (said ?? ''),
  });
}
