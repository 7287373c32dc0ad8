/**
 * The record beside a client's files: which stack they belong to, and what Switchyard wrote into them. It contains no value of ours, but the
 * user's values that ours replaced, and only the user can read it.
 */
import { z } from 'zod';
import type { FormatName } from './file-format.ts';
import type { ManagedValues } from './managed-values.ts';
import type { Owner } from './record.ts';
import { readIfExists } from './read-if-exists.ts';

/** What we wrote into one file. */
export interface ManagedFile extends ManagedValues {
  format: FormatName;
  /** Whether we created the file: then it is removed when nothing else is left in it. */
  created: boolean;
  /** The user's text, and a digest of ours: as long as nobody has changed the file, exactly that text is restored. */
  original?: { text: string; written: string } | undefined;
}

/** What is recorded for one client. */
export interface ClientRecord {
  owner: Owner;
  /** By path. */
  files: Record<string, ManagedFile>;
}

const path = z.array(z.string());
const fileSchema = z.object({
  format: z.enum(['json', 'jsonc', 'toml', 'yaml', 'text']),
  created: z.boolean(),
  values: z.array(z.object({ at: path, digest: z.string(), previous: z.unknown().optional() })),
  entries: z.array(z.object({ at: path, names: path })),
  containers: z.array(path),
  original: z.object({ text: z.string(), written: z.string() }).optional(),
});
const schema = z.object({
  version: z.literal(2),
  owner: z.object({
    stack: z.string().min(1),
    endpoint: z.string().optional(),
    backend: z.string().optional(),
  }),
  files: z.record(z.string(), fileSchema),
});

/** The result of reading a record. */
export interface ReadRecord {
  /** The file's text; undefined if there is none. */
  text?: string | undefined;
  /** Absent if there is none, or none that this release understands. */
  record?: ClientRecord;
  /** Why an existing record could not be used. */
  problem?: string;
}

/** Reads a record. A damaged one, or one of a later release, counts as absent: the next write replaces it. */
export async function readClientRecord(file: string): Promise<ReadRecord> {
  const text = await readIfExists(file);
  if (text === undefined) return {};
  try {
    const { owner, files } = schema.parse(JSON.parse(text));
    return { text, record: { owner, files } };
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? error.issues.map((one) => `${one.path.join('.')}: ${one.message}`.replace(/^: /, '')).join('; ')
        : 'it is not JSON';
    return { text, problem };
  }
}

/** A record as text. */
export function recordText({ owner, files }: ClientRecord): string {
  return `${JSON.stringify({ version: 2, owner, files })}\n`;
}
