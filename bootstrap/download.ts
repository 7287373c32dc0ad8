/** Downloads that fail quickly, and never leave an incomplete file that looks complete. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../console/errors.ts';

/** Milliseconds without a byte after which a source counts as unreachable. */
export const STALL_MS = 10_000;

/** The source could not be reached, refused, or stopped sending: the caller tries the next source. */
export class Unreachable extends Error {
  constructor(url: string, reason: string, cause?: unknown) {
    super(`${new URL(url).host} ${reason}`, { cause });
    this.name = 'Unreachable';
  }
}

/** The content has another checksum than the published one. */
class Corrupted extends Error {}

function reasonOf(error: unknown): string {
  // fetch wraps the underlying error, whose code names the reason.
  const outer = error as { message?: string; code?: string; cause?: { message?: string; code?: string } };
  const inner = outer.cause ?? outer;
  const known: Record<string, string> = {
    ENOTFOUND: 'cannot be resolved from here',
    EAI_AGAIN: 'cannot be resolved from here',
    ECONNREFUSED: 'refuses connections',
    ECONNRESET: 'closed the connection',
  };
  return known[inner.code ?? ''] ?? `cannot be reached (${inner.message || inner.code || 'no reason given'})`;
}

/** The bytes of `url` in chunks; each must arrive within `stallMs` of the previous one. */
async function* chunks(url: string, stallMs: number): AsyncGenerator<Uint8Array> {
  const abort = new AbortController();
  const silent = new Unreachable(url, `sent nothing for ${stallMs / 1000} s`);
  let timer = setTimeout(() => abort.abort(silent), stallMs);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    if (!response.ok || !response.body) throw new Unreachable(url, `answered ${response.status}`);
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(silent), stallMs);
      yield chunk;
    }
  } catch (error) {
    if (abort.signal.aborted) throw silent;
    throw error instanceof Unreachable ? error : new Unreachable(url, reasonOf(error), error);
  } finally {
    clearTimeout(timer);
  }
}

/** The text at `url`. Throws {@link Unreachable}. */
export async function fetchText(url: string, stallMs = STALL_MS): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks(url, stallMs)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

async function fetchOnce(
  url: string,
  file: string,
  sha256: string | undefined,
  stallMs: number,
): Promise<void> {
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const chunk of chunks(url, stallMs)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(Readable.from(hashed()), createWriteStream(file));
  if (sha256 !== undefined && hash.digest('hex') !== sha256) throw new Corrupted(url);
}

/**
 * Downloads `url` into `file` without checking the content: for computing checksums, never for files that are executed. An incomplete
 * file is removed.
 *
 * @throws Unreachable if the source cannot be reached.
 */
export async function downloadUnchecked(url: string, file: string, stallMs = STALL_MS): Promise<void> {
  try {
    await fetchOnce(url, file, undefined, stallMs);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/**
 * Downloads `url` into `file` and checks its SHA-256. On a mismatch it is downloaded once more. An incomplete file is removed.
 *
 * @throws UserError if the checksum is wrong twice.
 * @throws Unreachable if the source cannot be reached.
 */
export async function download(
  url: string,
  file: string,
  options: { sha256: string; stallMs?: number; progress?: (line: string) => void },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(url, file, options.sha256, options.stallMs ?? STALL_MS);
    } catch (error) {
      await rm(file, { force: true });
      if (!(error instanceof Corrupted)) throw error;
      if (attempt === 1) {
        options.progress?.(`the download of ${url} is corrupted: downloading it again`);
        continue;
      }
      throw new UserError('a download was corrupted twice', {
        where: url,
        found: 'content with another SHA-256 than expected',
        allowed: `${options.sha256}; look for a proxy that alters downloads`,
      });
    }
  }
}
