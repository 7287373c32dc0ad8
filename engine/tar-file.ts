/** A tar archive with one small text file: the form in which `docker cp` takes and gives files by standard input and output. Pure. */

const BLOCK = 512;

/**
 * Packs a file that belongs to root.
 *
 * @param name its name, without a folder.
 * @param mode its permissions, e.g. `0o440`.
 * @param seconds when it was changed, in seconds since 1970.
 */
export function packFile(
  name: string,
  text: string,
  { mode, seconds }: { mode: number; seconds: number },
): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  header.write(name, 0);
  header.write(octal(mode, 7), 100);
  // Owner and group: root.
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(seconds, 11), 136);
  // The checksum is computed with spaces in its own place.
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}

/** The text of the first file of an archive. */
export function unpackFile(archive: Buffer): string {
  const size = Number.parseInt(archive.toString('latin1', 124, 136), 8);
  if (Number.isNaN(size) || archive.length < BLOCK + size) throw new Error('not a tar archive with a file');
  return archive.toString('utf8', BLOCK, BLOCK + size);
}
