/**
 * The files of a client (opencode, or any other tool) as one stack wants them. A new client needs three steps:
 *
 * 1. `readManaged` reads its files and the record of what we wrote there. Each file has its `content`, and `users`: that content without
 *    what we wrote, for whichever stack. Decide by `users` what to write, e.g. whether the user has a default model.
 * 2. `planManaged` (plan-managed.ts) takes what each file should contain of ours, as a tree of values. What we wrote before and do not want any more is taken
 *    out, so a switch to another stack is complete, and no file at all means that everything of ours is taken out. Pure.
 * 3. `applyManaged` (apply-managed.ts) writes the plan: all files and the record, or nothing.
 *
 * A plan without `changes` means that the files are up to date, as `connect --check` asks. Comments, order and layout of the user's files
 * stay, whatever the format.
 */
import { stat } from 'node:fs/promises';
import { type ClientRecord, readClientRecord, type ReadRecord } from './client-record.ts';
import { type FormatName, parseFile } from './file-format.ts';
import { bothManaged, type Content, type ManagedValues, withoutOurs } from './managed-values.ts';
import { readIfExists } from './read-if-exists.ts';

/** A file as it is. */
export interface CurrentFile {
  path: string;
  format: FormatName;
  /** undefined if there is no file. */
  text: string | undefined;
  /** Its permissions; undefined if there is no file. */
  mode: number | undefined;
  content: Content;
  /** The content without what we wrote: the user's own. */
  users: Content;
}

/** A client's files and their record, as they are. */
export interface ManagedState extends ReadRecord {
  /** The path of the record. */
  recordFile: string;
  /** By path: the files that were asked for, and those of the record. */
  files: Readonly<Record<string, CurrentFile>>;
}

/**
 * Reads a client's files and its record.
 *
 * @param formats the format of each file, by absolute path. They need not exist.
 * @param known what is ours in a file beside what is recorded, e.g. what an earlier release wrote without a record.
 * @throws UserError with file, line and column if a file is malformed.
 */
export async function readManaged(
  recordFile: string,
  formats: Readonly<Record<string, FormatName>>,
  known: (
    path: string,
    content: Content,
    record: ClientRecord | undefined,
  ) => ManagedValues | undefined = () => undefined,
): Promise<ManagedState> {
  const read = await readClientRecord(recordFile);
  const recorded = read.record?.files ?? {};
  const all = {
    ...Object.fromEntries(Object.entries(recorded).map(([path, { format }]) => [path, format])),
    ...formats,
  };
  const files: Record<string, CurrentFile> = {};
  for (const [path, format] of Object.entries(all)) {
    const text = await readIfExists(path);
    const mode = text === undefined ? undefined : (await stat(path)).mode & 0o7777;
    const content = parseFile(text, format, path);
    const managed = bothManaged(recorded[path], known(path, content, read.record));
    files[path] = { path, format, text, mode, content, users: withoutOurs(content, managed) };
  }
  return { ...read, recordFile, files };
}
