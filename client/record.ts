/** The record beside a client's files: which stack they belong to, and which list entries Switchyard added. Contains no key. */
import { z } from 'zod';
import type { ListEntries } from './merge-lists.ts';
import { replaceFile } from './opencode-paths.ts';
import { readIfExists } from './read-if-exists.ts';

/** The stack that a client's files belong to. */
export interface Owner {
  stack: string;
  /** Its address: for messages, and to check whether it still answers. */
  endpoint?: string | undefined;
  /** A fingerprint of the Pulumi backend: a stack of the same name in another backend is a different stack. */
  backend?: string | undefined;
}

/** What is recorded for one client. */
export interface ClientRecord {
  owner: Owner;
  /** The entries of the client's lists that Switchyard added. All others are the user's. */
  added: ListEntries;
}

const names = z.array(z.string());
const schema = z.object({
  version: z.literal(1),
  owner: z.object({
    stack: z.string().min(1),
    endpoint: z.string().optional(),
    backend: z.string().optional(),
  }),
  added: z.object({ enabled_providers: names, disabled_providers: names }),
});

/** The result of reading a record. */
export interface ReadRecord {
  /** Absent if there is none, or none that this release understands. */
  record?: ClientRecord;
  /** Why an existing record could not be used. */
  problem?: string;
}

/** Reads a record. A damaged one, or one of a later release, counts as absent: the next write replaces it. */
export async function readRecord(file: string): Promise<ReadRecord> {
  const text = await readIfExists(file);
  if (text === undefined) return {};
  try {
    const { owner, added } = schema.parse(JSON.parse(text));
    return { record: { owner, added } };
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? error.issues
            .map(({ path, message }) => `${path.join('.')}: ${message}`.replace(/^: /, ''))
            .join('; ')
        : 'it is not JSON';
    return { problem };
  }
}

/** Writes a record that only the user can read. */
export async function writeRecord(file: string, { owner, added }: ClientRecord): Promise<void> {
  await replaceFile(file, `${JSON.stringify({ version: 1, owner, added }, null, 2)}\n`, 0o600);
}
