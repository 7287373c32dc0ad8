/**
 * The record beside a client's files: which stack they belong to, and what Switchyard wrote into them. It contains no value of ours, but the
 * user's values that ours replaced, and only the user can read it.
 */
import { z } from 'zod';
import type { FormatName } from './file-format.ts';
import type { ManagedValues } from './managed-values.ts';
import { readBeforeChange } from './read-if-exists.ts';

/** The stack that a client's files belong to. */
export interface Owner {
  stack: string;
  /** Its address: for messages, and to check whether it still answers. */
  endpoint?: string | undefined;
  /** A fingerprint of the Pulumi backend: a stack of the same name in another backend is a different stack. */
  backend?: string | undefined;
  /** The alias of the stack's key in the files; absent if an older release wrote them, with the master key. */
  key?: string | undefined;
}

/** Entries of opencode's two lists of providers. */
export interface ListEntries {
  enabled_providers: string[];
  disabled_providers: string[];
}

/** What we wrote into one file. */
export interface ManagedFile extends ManagedValues {
  format: FormatName;
  /** Whether we created the file: then it is removed when nothing else is left in it. */
  created: boolean;
  /** Paths of objects in it that are ours as a whole; the empty path is the whole file. */
  blocks?: string[][] | undefined;
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
  blocks: z.array(path).optional(),
  original: z.object({ text: z.string(), written: z.string() }).optional(),
});
const ownerSchema = z.object({
  stack: z.string().min(1),
  endpoint: z.string().optional(),
  backend: z.string().optional(),
  key: z.string().optional(),
});
const schema = z.discriminatedUnion('version', [
  z.object({ version: z.literal(2), owner: ownerSchema, files: z.record(z.string(), fileSchema) }),
  /** What `connect --off` leaves for opencode: the files stay without ours until the next `connect`. */
  z.object({ version: z.literal(3), off: z.literal(true) }),
  /** The previous release's, for opencode only: the entries that it added to the lists. */
  z.object({
    version: z.literal(1),
    owner: ownerSchema,
    added: z.object({ enabled_providers: path, disabled_providers: path }),
  }),
]);

/** The result of reading a record. */
export interface ReadRecord {
  /** The file's text; undefined if there is none. */
  text?: string | undefined;
  /** Absent if there is none, or none that this release understands. */
  record?: ClientRecord | undefined;
  /** A record of the previous release. */
  older?: { owner: Owner; added: ListEntries } | undefined;
  /** Whether the user has taken ours out of the files with `connect --off`. */
  off?: boolean;
  /** Why an existing record could not be used. */
  problem?: string;
}

/** Reads a record. A damaged one, or one of a later release, counts as absent: the next write replaces it. */
export async function readClientRecord(file: string): Promise<ReadRecord> {
  const text = await readBeforeChange(file);
  if (text === undefined) return {};
  try {
    const read = schema.parse(JSON.parse(text));
    if (read.version === 3) return { text, off: true };
    if (read.version === 1) return { text, older: { owner: read.owner, added: read.added } };
    return { text, record: { owner: read.owner, files: read.files } };
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? error.issues.map((one) => `${one.path.join('.')}: ${one.message}`.replace(/^: /, '')).join('; ')
        : 'it is not JSON';
    return { text, problem };
  }
}

/** The record of a client that was switched off. */
export const OFF_RECORD = `${JSON.stringify({ version: 3, off: true })}\n`;

/** A record as text. */
export function recordText({ owner, files }: ClientRecord): string {
  return `${JSON.stringify({ version: 2, owner, files })}\n`;
}
