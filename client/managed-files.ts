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
import { forEachOrErrors } from './collect-errors.ts';
import { readClientRecord, type ReadRecord } from './client-record.ts';
import { type FormatName, parseFile } from './file-format.ts';
import { bothManaged, type Content, type ManagedValues, withoutOurs } from './managed-values.ts';
import { readBeforeChange } from './read-if-exists.ts';

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
 * @throws UserError that names each file that is malformed, with line and column, or cannot be read.
 */
export async function readManaged(
  recordFile: string,
  formats: Readonly<Record<string, FormatName>>,
): Promise<ManagedState> {
  const read = await readClientRecord(recordFile);
  const recorded = Object.entries(read.record?.files ?? {}).map(
    ([path, { format }]) => [path, format] as const,
  );
  const all = Object.entries({ ...Object.fromEntries(recorded), ...formats });
  const files = await forEachOrErrors(all, async ([path, format]): Promise<[string, CurrentFile]> => {
    const text = await readBeforeChange(path);
    const mode = text === undefined ? undefined : (await stat(path)).mode & 0o7777;
    const content = parseFile(text, format, path);
    return [path, { path, format, text, mode, content, users: content }];
  });
  return claimed({ ...read, recordFile, files: Object.fromEntries(files) }, {});
}

/**
 * The same files, where more is ours than what is recorded.
 *
 * @param known what is ours beside that, by path: for example what an earlier release wrote, which recorded nothing.
 */
export function claimed<T extends ManagedState>(state: T, known: Readonly<Record<string, ManagedValues>>): T {
  const files = Object.values(state.files).map((file): [string, CurrentFile] => {
    const managed = bothManaged(state.record?.files[file.path], known[file.path]);
    return [file.path, { ...file, users: withoutOurs(file.content, managed) }];
  });
  return { ...state, files: Object.fromEntries(files) };
}
