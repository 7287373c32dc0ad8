/** A tar archive with one small text file: the form in which `docker cp` takes and gives files by standard input and output. */
import { Readable } from 'node:stream';
import { buffer, text as textOf } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';

/**
 * Packs a file that belongs to root.
 *
 * @param name its name, without a folder.
 * @param mode its permissions, e.g. `0o440`.
 * @param seconds when it was changed, in seconds since 1970.
 */
export async function packFile(
  name: string,
  text: string,
  { mode, seconds }: { mode: number; seconds: number },
): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  archive.entry({ name, mode, uid: 0, gid: 0, mtime: new Date(seconds * 1000) }, text);
  archive.finalize();
  return buffer(archive);
}

/**
 * The text of the first file of an archive.
 *
 * @throws Error if it has none.
 */
export async function unpackFile(archive: Buffer): Promise<string> {
  const { extract } = await import('tar-stream');
  const unpacked = extract();
  let found: Promise<string> | undefined;
  unpacked.on('entry', (header, content, next) => {
    if (header.type === 'file' && found === undefined) {
      found = textOf(content);
      // If the archive is cut off, the error below tells it.
      found.catch(() => undefined);
    }
    content.on('end', next).resume();
  });
  try {
    await finished(Readable.from([archive]).pipe(unpacked), { readable: false });
  } catch (error) {
    throw new Error('not a tar archive with a file', { cause: error });
  }
  if (found === undefined) throw new Error('not a tar archive with a file');
  return found;
}
