/** An agent's log file. A write error is reported for that agent; it does not abort the whole run. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { UserError } from '../console/errors.ts';

/** An open log. */
export interface AgentLog {
  write(line: string): void;
  /** Aborted when a write fails, for example on a full disk. */
  failed: AbortSignal;
  /** Flushes and closes. Never throws; returns the write error, if there was one. */
  close(): Promise<UserError | undefined>;
}

/**
 * Opens a log that only this user can read.
 *
 * @throws UserError if it cannot be opened.
 */
export async function openLog(path: string): Promise<AgentLog> {
  const stream = createWriteStream(path, { mode: 0o600 });
  const failed = new AbortController();
  let failure: UserError | undefined;
  // Without a listener the error would end the process. The agents would keep running, and their home folders with the keys would stay.
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
    `cannot write its log: ${error.message}; free disk space, or choose another folder with --logs`,
    { cause: error },
  );
}
