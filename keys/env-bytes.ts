/** Decodes an env file: UTF-8, or UTF-16 as PowerShell's `>` and Windows editors write it. Pure. */

/** A decoded file, or why it cannot be decoded. */
export type DecodedFile = { text: string } | { refused: string };

const BYTE_ORDER_MARKS: readonly (readonly [bytes: readonly number[], encoding: string])[] = [
  [[0xff, 0xfe, 0, 0], 'utf-32'],
  [[0, 0, 0xfe, 0xff], 'utf-32'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/**
 * Decodes a file by its byte order mark. Without one, it is UTF-16 if zeros are in every other place only; else UTF-8. Bytes that are not
 * UTF-8 are read as Windows-1252: the keys are ASCII, which is the same in both.
 */
export function decodeEnvFile(bytes: Uint8Array): DecodedFile {
  const encoding = encodingOf(bytes);
  if (encoding === undefined || encoding === 'utf-32')
    return {
      refused: `not a text file in UTF-8 or UTF-16 (${encoding === undefined ? 'it contains zero bytes' : 'it is UTF-32'})`,
    };
  const text = decode(bytes, encoding) ?? (encoding === 'utf-8' ? decode(bytes, 'windows-1252') : undefined);
  return text === undefined ? { refused: `not valid ${encoding.toUpperCase()}` } : { text };
}

function encodingOf(bytes: Uint8Array): string | undefined {
  const marked = BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked !== undefined) return marked[1];
  const zeros = [0, 0];
  for (const [index, byte] of bytes.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (even === 0 && odd === 0) return 'utf-8';
  // Of ASCII text in UTF-16 every other byte is zero; a comment in another script has a few that are not.
  const most = bytes.length / 4;
  if (bytes.length % 2 === 1 || (even > 0 && odd > 0) || Math.max(even, odd) < most) return undefined;
  return odd > 0 ? 'utf-16le' : 'utf-16be';
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
