/** Plans what has to change in a client's files; see managed-files.ts. Pure. */
import { stripComments } from 'jsonc-parser';
import { type ClientRecord, type ManagedFile, type Owner, recordText } from './client-record.ts';
import type { FileChange } from './commit-files.ts';
import { type FormatName, rewriteFile } from './file-format.ts';
import { canonical, isObject, type Json } from './json-objects.ts';
import type { CurrentFile, ManagedState } from './managed-files.ts';
import {
  bothManaged,
  changedByUser,
  type Content,
  digest,
  type MergedValues,
  type MergeOptions,
  valueAt,
  withoutBlocks,
  withOurs,
} from './managed-values.ts';

/** What a file should contain of ours. */
export interface WantedFile extends MergeOptions {
  path: string;
  format: FormatName;
  /** Values that are merged into the user's; the whole text if the format is `text`. */
  ours: Json | string;
  /** Its permissions, 0600 for a file with keys; by default those of the existing file. */
  mode?: number | undefined;
  /** Paths of objects that are ours as a whole unless the user had one there before. A text that we created always is. */
  blocks?: readonly (readonly string[])[];
}

/** Changes that make the files what is wanted. */
export interface ManagedPlan {
  changes: FileChange[];
  /** Each wanted file, and whether it changes. */
  files: { path: string; changed: boolean }[];
  /** The new texts of the wanted files, by path. */
  texts: Record<string, string>;
  /** Files of ours that are removed. */
  removed: string[];
  /** The user's values that are replaced: their file is copied first. */
  replaced: { path: string; at: string[] }[];
  /** By path: the text of the copy, without what we wrote before, which may be a key. */
  copies: Record<string, string>;
  /** The user's values that are kept instead of ours. */
  kept: { path: string; at: string[] }[];
  /** Values that we wrote and the user has changed since, in files that should contain nothing of ours: they stay. */
  changed: { path: string; at: string[] }[];
  record: {
    path: string;
    before: string | undefined;
    interim: string | undefined;
    after: string | undefined;
  };
}

/**
 * Plans the changes after which the files contain exactly these values of ours.
 *
 * @param owner the stack that the files belong to from now on; undefined records nothing.
 * @param wanted files that `readManaged` was asked for; none takes everything of ours out.
 * @throws UserError if a file has a key twice, so that it cannot be changed safely.
 */
export function planManaged(
  { recordFile, files, record, text: recordBefore }: ManagedState,
  owner: Owner | undefined,
  wanted: readonly WantedFile[],
): ManagedPlan {
  const plan: Omit<ManagedPlan, 'record'> = {
    changes: [],
    files: [],
    texts: {},
    copies: {},
    removed: [],
    replaced: [],
    kept: [],
    changed: [],
  };
  const managed: Record<string, ManagedFile> = {};
  for (const { path, ours, mode, blocks, ...options } of wanted) {
    const file = files[path]!;
    const merged = withOurs(file.users, ours, file.content, options);
    const created = record?.files[path]?.created ?? file.text === undefined;
    const after = rewritten(file, merged.content);
    managed[path] = {
      format: file.format,
      created,
      ...merged.managed,
      ...ownedObjects(merged, { created, blocks, before: record?.files[path]?.containers }),
      original: created || mode !== undefined ? undefined : originalOf(file, record, after),
    };
    const changed = after !== file.text;
    plan.texts[path] = after;
    if (changed || (mode !== undefined && mode !== file.mode))
      plan.changes.push({ path, before: file.text, after, mode });
    plan.files.push({ path, changed });
    if (merged.replaced.length > 0) plan.copies[path] = usersText(file, record);
    plan.replaced.push(...merged.replaced.map((at) => ({ path, at })));
    plan.kept.push(...merged.kept.map((at) => ({ path, at })));
  }
  for (const file of Object.values(files)) {
    if (file.path in managed || file.text === undefined) continue;
    const created = record?.files[file.path]?.created === true;
    const managedBefore = record?.files[file.path];
    const users = managedBefore === undefined ? file.users : withoutBlocks(file.users, managedBefore);
    const after = usersText({ ...file, users }, record);
    if (managedBefore !== undefined)
      plan.changed.push(
        ...changedByUser(users, file.content, managedBefore).map((at) => ({ path: file.path, at })),
      );
    if (users === undefined || (created && isBlank(users, after, file.format))) {
      plan.changes.push({ path: file.path, before: file.text, after: undefined });
      plan.removed.push(file.path);
    } else if (after !== file.text) {
      plan.changes.push({ path: file.path, before: file.text, after });
      plan.files.push({ path: file.path, changed: true });
    }
  }
  return {
    ...plan,
    record: { path: recordFile, before: recordBefore, ...recordTexts(record, owner, managed) },
  };
}

/** The objects that we created, now or, with a value in them that the user has changed since, earlier; and which of them are blocks. */
function ownedObjects(
  { content, managed }: MergedValues,
  given: { created: boolean; blocks?: WantedFile['blocks']; before?: string[][] | undefined },
): { containers: string[][]; blocks?: string[][] } {
  const { created, blocks = [], before = [] } = given;
  const now = new Set(managed.containers.map(canonical));
  const earlier = before.filter(
    (at) => !now.has(canonical(at)) && at.length > 0 && valueAt(content, at) !== undefined,
  );
  const containers = [...managed.containers, ...earlier];
  const ofBlocks = new Set(blocks.map(canonical));
  const owned =
    typeof content === 'string'
      ? created
        ? [[]]
        : []
      : containers.filter((at) => ofBlocks.has(canonical(at)));
  return { containers, ...(owned.length === 0 ? {} : { blocks: owned }) };
}

/** What the user is told of values that stay, one line for each. */
export function changedNotes({ changed }: ManagedPlan): string[] {
  return changed.map(({ path, at }) =>
    at.length === 0
      ? `${path} stays, since you have changed it: it is yours now`
      : `${path}: ${at.join('.')} stays, since you have changed its value: it is yours now`,
  );
}

function recordTexts(
  record: ClientRecord | undefined,
  owner: Owner | undefined,
  managed: Record<string, ManagedFile>,
): { interim: string | undefined; after: string | undefined } {
  if (owner === undefined) return { interim: record && recordText(record), after: undefined };
  const both = Object.keys({ ...record?.files, ...managed }).map((path): [string, ManagedFile] => {
    const [old, next] = [record?.files[path], managed[path]];
    return [path, { ...(next ?? old!), ...bothManaged(old, next) }];
  });
  return {
    interim: recordText({ owner, files: Object.fromEntries(both) }),
    after: recordText({ owner, files: managed }),
  };
}

/** The file's text without ours. */
function usersText(file: CurrentFile, record: ClientRecord | undefined): string {
  if (typeof file.users === 'string') return file.users;
  const original = record?.files[file.path]?.original;
  return original?.written === digest(file.text) ? original.text : rewritten(file, file.users);
}

/** Not for a file with keys: they would be in two places. */
function originalOf(
  file: CurrentFile,
  record: ClientRecord | undefined,
  after: string,
): ManagedFile['original'] {
  return typeof file.users === 'string'
    ? undefined
    : { text: usersText(file, record), written: digest(after) };
}

function rewritten({ text, content, format, path }: CurrentFile, after: Content): string {
  return rewriteFile(text, { before: content, after, format, file: path });
}

/** Whether nothing is left in a file: a file of comments only is the user's. */
function isBlank(content: Content, text: string, format: FormatName): boolean {
  if (!isObject(content) || Object.keys(content).length > 0) return false;
  if (format === 'json' || format === 'jsonc') return stripComments(text).trim() === text.trim();
  return ['', '{}'].includes(text.trim());
}
