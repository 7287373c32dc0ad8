/** Whether an executable that somebody else installed is whole, as far as it can be told without a list of hashes. */
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';

/** One of the two tables of an ELF file, which name the parts of it: segments and sections. */
interface Table {
  offset: number;
  count: number;
  entrySize: number;
  /** Where a part's offset and size stand in its entry. */
  at: { offset: number; size: number };
  /** Whether a part takes room in the file. */
  stored: (entry: Buffer) => boolean;
}

const HEADER = 64;

/** The tables that the header of a 64-bit little-endian ELF file names: what Linux has on x86-64 and arm64. */
function tablesOf(header: Buffer): Table[] {
  const number = (at: number) => Number(header.readBigUInt64LE(at));
  const [segments, sections] = [{ offset: 8, size: 32 }, { offset: 24, size: 32 }]; // prettier-ignore
  return [
    { offset: number(32), entrySize: header.readUInt16LE(54), count: header.readUInt16LE(56), at: segments, stored: () => true }, // prettier-ignore
    // Type 8 is memory that is zero at first.
    { offset: number(40), entrySize: header.readUInt16LE(58), count: header.readUInt16LE(60), at: sections, stored: (entry) => entry.readUInt32LE(4) !== 8 }, // prettier-ignore
  ];
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return bytesRead === length ? buffer : undefined;
}

async function isWholeElf(file: FileHandle, size: number): Promise<boolean> {
  const header = await readAt(file, 0, HEADER);
  if (header === undefined) return false;
  for (const { offset, count, entrySize, at, stored } of tablesOf(header)) {
    if (count === 0) continue;
    const table = await readAt(file, offset, count * entrySize);
    if (table === undefined) return false;
    for (let index = 0; index < count; index++) {
      const entry = table.subarray(index * entrySize, (index + 1) * entrySize);
      const end = entry.readBigUInt64LE(at.offset) + entry.readBigUInt64LE(at.size);
      if (stored(entry) && end > BigInt(size)) return false;
    }
  }
  return true;
}

/**
 * Whether `path` may be executed, has something in it and, where it is a binary of Linux, has all the parts that its header names: one
 * that was cut off has not. It is not run: what is no binary any more the shell would take for a script.
 */
export async function isWholeExecutable(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    await access(path, constants.X_OK);
    file = await open(path);
    const { size } = await file.stat();
    const magic = await readAt(file, 0, 4);
    if (magic?.toString('latin1') === '\x7fELF') return await isWholeElf(file, size);
    return process.platform === 'linux' ? magic?.toString('latin1', 0, 2) === '#!' : size > 0;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}
