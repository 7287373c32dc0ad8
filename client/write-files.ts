/** Writes the client's files into a folder: everything is read, merged and checked before the first byte is written. */
import { chmod, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { PORTKEY } from '../domain/plan/lanes.ts';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import { type ClientFiles, wantsPortkeyKeyFile, withPortkeyKeyFile } from './client-files.ts';
import { type Json, object, parseObject } from './json-objects.ts';
import { mergeOpencode } from './merge.ts';
import { mergeAuth } from './merge-auth.ts';
import { isOurEntry } from './merge-entries.ts';
import type { ListEntries } from './merge-lists.ts';
import { ownersOf, withoutKept } from './owners.ts';
import { type Ownership, ownershipOf } from './ownership.ts';
import { backUp, type ClientPaths, readIfThere, replaceFile } from './opencode-paths.ts';
import { type Owner, readRecord, writeRecord } from './record.ts';
import { type SwitchedOff, switchedOff } from './switched-off.ts';
import { unrecorded } from './unrecorded.ts';

/** What was written. */
export interface Written {
  /** Each file, and whether it changed. */
  files: { path: string; changed: boolean }[];
  /** Files of ours that are not wanted any more, and are gone. */
  removed: string[];
  /** What the user should know about entries of theirs. */
  notes: string[];
  /** Providers with a key that the user's own lists switch off. */
  switchedOff: SwitchedOff[];
}

/** What is known beside the files. */
export interface WriteOptions {
  /** Keys that are ours, whether they are to be written or not. */
  known?: OpencodeAuth;
  /** The stack that the files belong to from now on; without it, as in a throwaway folder, nothing is recorded. */
  owner?: Owner;
}

/**
 * Merges the files into what is at `paths`. Where something of the user's gives way, the file that held it is kept beside it.
 *
 * @throws UserError where one of the user's files is malformed; then nothing is changed.
 */
export async function writeClientFiles(
  paths: ClientPaths,
  given: ClientFiles,
  { known = {}, owner }: WriteOptions = {},
): Promise<Written> {
  const [configText, authText] = [await readIfThere(paths.config), await readIfThere(paths.auth)];
  const beneathTexts = await Promise.all(paths.beneath.map(readIfThere));
  const theirs = parsed(configText, paths.config);
  const theirAuth = parsed(authText, paths.auth, false);
  const below = paths.beneath.map((file, index) => parsed(beneathTexts[index], file));
  const configs = [theirs, ...below.toReversed()];
  const { record: recorded, problem } = await readRecord(paths.record);
  const ownership = ownershipOf(configs, recorded);

  const owners = ownersOf(given, { configs, auth: theirAuth, known });
  const files = withPortkeyKeyFile(withoutKept(given, owners.kept), paths.portkeyKey);
  const auth = mergeAuth(authText, files.auth, owners.ourKeys, paths.auth);
  const beneath = Object.assign({}, ...below) as Json;
  const added = addedBefore(ownership);
  const { byRelease, uncertain } = unrecorded(files, configs, theirAuth);
  const config = mergeOpencode(configText, files.config, {
    file: paths.config,
    beneath,
    hadKey: Object.keys(theirAuth).filter((name) => !byRelease.includes(name)),
    logins: owners.logins,
    added,
  });

  const notes = [...config.notes];
  if (problem !== undefined) notes.push(`${paths.record} could not be read and was made anew: ${problem}`);
  for (const name of added === undefined ? uncertain : [])
    notes.push(
      `${name} was taken out of disabled_providers, where an earlier release had left it; if you had disabled it, add it again: it stays then`,
    );
  for (const name of owners.kept)
    notes.push(`${name}: yours of that name was kept; ours, which has no key, is left out`);
  for (const name of owners.replacedKeys) notes.push(`${name}: your key of that name was replaced`);
  const replacesEntry = Object.entries(object(theirs.provider)).some(
    ([name, entry]) => name in files.config.provider && !isOurEntry(entry),
  );
  const copies = [
    ...(owners.replacedKeys.length > 0 ? [await backUp(paths.auth, authText ?? '')] : []),
    ...(replacesEntry ? [await backUp(paths.config, configText ?? '')] : []),
  ];
  if (copies.length > 0) notes.push(`what you had is in ${copies.join(' and ')}`);

  const off = switchedOff(files.config.enabled_providers, config.text, paths.config, beneath);
  const written: Written = { files: [], removed: [], notes, switchedOff: off };
  const write = async (
    path: string,
    before: string | undefined,
    text: string,
    mode?: number,
  ): Promise<void> => {
    const changed = before !== text;
    if (changed) await replaceFile(path, text, mode);
    // A file that holds keys gets its mode even where its text is as it should be.
    else if (mode !== undefined) await chmod(path, mode);
    written.files.push({ path, changed });
  };
  // First both what was added and what will be: a run that is killed leaves no entry that later counts as the user's.
  if (owner) await writeRecord(paths.record, { owner, added: union(added, config.added) });
  // Keys next: a config that names a provider whose key is not there yet would send requests without one.
  const keyBefore = await readIfThere(paths.portkeyKey);
  const portkeyKey = wantsPortkeyKeyFile(files.config) ? files.auth[PORTKEY]?.key : undefined;
  if (portkeyKey !== undefined) await write(paths.portkeyKey, keyBefore, portkeyKey, 0o600);
  await write(paths.auth, authText, auth, 0o600);
  await write(paths.config, configText, config.text);
  if (owner) await writeRecord(paths.record, { owner, added: config.added });
  // And its file last: as long as the config names it, every command of the client fails without it.
  if (portkeyKey === undefined && keyBefore !== undefined) {
    const isNamed = [config.text, ...beneathTexts].some((text) => text?.includes(basename(paths.portkeyKey)));
    if (isNamed) await write(paths.portkeyKey, keyBefore, '', 0o600);
    else await rm(paths.portkeyKey).then(() => written.removed.push(paths.portkeyKey));
  }
  return written;
}

/** The list entries that we have added; undefined where only guesses are possible. */
function addedBefore({ record, hasEntries }: Ownership): ListEntries | undefined {
  if (record !== undefined) return record.added;
  // Nothing of ours is there: all that is there is the user's.
  return hasEntries ? undefined : { enabled_providers: [], disabled_providers: [] };
}

function union(a: ListEntries | undefined, b: ListEntries): ListEntries {
  const both = (list: keyof ListEntries): string[] => [...new Set([...(a?.[list] ?? []), ...b[list]])];
  return { enabled_providers: both('enabled_providers'), disabled_providers: both('disabled_providers') };
}

function parsed(text: string | undefined, file: string, comments = true): Json {
  return text === undefined || text.trim() === '' ? {} : parseObject(text, file, comments);
}
