/** An agent's log: a file of its own, whose failure is told instead of thrown at the whole run. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { UserError } from '../console/errors.ts';

/** A log that is open. */
export interface AgentLog {
  write(line: string): void;
  /** Aborted once a line could not be written: on a full disk, say. */
  failed: AbortSignal;
  /** Writes out the rest. Never throws; tells why not all of it could be written, or nothing. */
  close(): Promise<UserError | undefined>;
}

/**
 * Opens a log that only this user can read.
 *
 * @throws UserError where it cannot be opened.
 */
export async function openLog(path: string): Promise<AgentLog> {
  const stream = createWriteStream(path, { mode: 0o600 });
  const failed = new AbortController();
  let failure: UserError | undefined;
  // Without a listener the error would end the process, and leave the agents running and their homes with the keys.
  stream.on('error', (error) => {
    failure ??= unwritable(error);
    failed.abort();
  });
  await once(stream, 'open').catch((error: Error) => {
    throw unwritable(error);
  });
  return {
    write: (line) => void stream.write(`${line}\n`),
    failed: failed.signal,
    async close() {
      stream.end();
      await finished(stream).catch(() => undefined);
      return failure;
    },
  };
}

function unwritable(error: Error): UserError {
  return new UserError(
    `its log cannot be written, ${error.message}; make room, or choose another folder with --logs`,
    { cause: error },
  );
}
