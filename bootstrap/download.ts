/** Downloads that give up quickly, and that are never taken for whole when they are not. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../console/errors.ts';

/** After this long without a byte a source counts as out of reach. */
export const STALL_MS = 10_000;

/** The source could not be reached, refused, or went silent: time for the next source. */
export class Unreachable extends Error {
  constructor(url: string, reason: string, cause?: unknown) {
    super(`${new URL(url).host} ${reason}`, { cause });
    this.name = 'Unreachable';
  }
}

/** What arrived is not what was published. */
class Corrupted extends Error {}

function reasonOf(error: unknown): string {
  // fetch wraps what went wrong; the code tells it in a word.
  const outer = error as { message?: string; code?: string; cause?: { message?: string; code?: string } };
  const inner = outer.cause ?? outer;
  const known: Record<string, string> = {
    ENOTFOUND: 'cannot be found from here',
    EAI_AGAIN: 'cannot be found from here',
    ECONNREFUSED: 'refuses connections',
    ECONNRESET: 'broke the connection off',
  };
  return known[inner.code ?? ''] ?? `cannot be reached (${inner.message || inner.code || 'no reason given'})`;
}

/** The bytes of `url`, chunk by chunk; each must arrive within `stallMs` of the one before. */
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
 * Downloads `url` into `file`, whatever comes: for who computes hashes, not for what is to be run. Nothing half-written stays.
 *
 * @throws Unreachable where the source is out of reach.
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
 * Downloads `url` into `file`. The content must have this SHA-256: if it has not it is fetched once more, then given up with a sentence.
 * Nothing half-written stays.
 *
 * @throws Unreachable where the source is out of reach.
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
        options.progress?.(`the download of ${url} is corrupted: fetching it once more`);
        continue;
      }
      throw new UserError('a download arrived corrupted twice', {
        where: url,
        found: 'content with another SHA-256 than the one that is expected',
        allowed: `${options.sha256}; look for a proxy that alters downloads`,
      });
    }
  }
}
