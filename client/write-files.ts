/** Writes the client's files into a folder. Everything is read, merged and checked before the first byte is written. */
import { chmod, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { PORTKEY } from '../domain/plan/lanes.ts';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import { type ClientFiles, usesPortkeyKeyFile, withPortkeyKeyFile } from './client-files.ts';
import { type Json, object, parseObject } from './json-objects.ts';
import { mergeOpencode } from './merge.ts';
import { mergeAuth } from './merge-auth.ts';
import { isOurEntry } from './merge-entries.ts';
import type { ListEntries } from './merge-lists.ts';
import { entryOwnership, withoutPreserved } from './entry-ownership.ts';
import { type Ownership, ownershipOf } from './ownership.ts';
import { backUp, type ClientPaths, replaceFile } from './opencode-paths.ts';
import { readIfExists } from './read-if-exists.ts';
import { type Owner, readRecord, writeRecord } from './record.ts';
import { type SwitchedOff, switchedOff } from './switched-off.ts';
import { unrecordedDisabled } from './unrecorded-disabled.ts';

/** What was written. */
export interface Written {
  /** Each file, and whether it changed. */
  files: { path: string; changed: boolean }[];
  /** Files of ours that were no longer needed and were removed. */
  removed: string[];
  /** Notes for the user about their own entries. */
  notes: string[];
  /** Providers with a key that are switched off by the user's own lists. */
  switchedOff: SwitchedOff[];
}

/** Options of {@link writeClientFiles}. */
export interface WriteOptions {
  /** All of our keys, whether they are written this time or not. */
  known?: OpencodeAuth;
  /** The stack that the files belong to from now on; without it, as in a temporary home folder, nothing is recorded. */
  owner?: Owner;
}

/**
 * Merges the files into those at `paths`. Before an entry of the user's is replaced, its file is copied.
 *
 * @throws UserError if one of the user's files is malformed; then nothing is changed.
 */
export async function writeClientFiles(
  paths: ClientPaths,
  given: ClientFiles,
  { known = {}, owner }: WriteOptions = {},
): Promise<Written> {
  const [configText, authText] = [await readIfExists(paths.config), await readIfExists(paths.auth)];
  const baseTexts = await Promise.all(paths.baseLayers.map(readIfExists));
  const theirs = parsed(configText, paths.config);
  const theirAuth = parsed(authText, paths.auth, false);
  const baseLayers = paths.baseLayers.map((file, index) => parsed(baseTexts[index], file));
  const configs = [theirs, ...baseLayers.toReversed()];
  const { record: recorded, problem } = await readRecord(paths.record);
  const ownership = ownershipOf(configs, recorded);

  const entries = entryOwnership(given, { configs, auth: theirAuth, known });
  const files = withPortkeyKeyFile(withoutPreserved(given, entries.preserved), paths.portkeyKey);
  const auth = mergeAuth(authText, files.auth, entries.ourKeys, paths.auth);
  const baseValues = Object.assign({}, ...baseLayers) as Json;
  const added = addedBefore(ownership);
  const { byRelease, uncertain } = unrecordedDisabled(files, configs, theirAuth);
  const config = mergeOpencode(configText, files.config, {
    file: paths.config,
    baseValues,
    hadApiKey: Object.keys(theirAuth).filter((name) => !byRelease.includes(name)),
    logins: entries.logins,
    added,
  });

  const notes = [...config.notes];
  if (problem !== undefined) notes.push(`${paths.record} was unreadable and was recreated: ${problem}`);
  for (const name of added === undefined ? uncertain : [])
    notes.push(
      `${name} was removed from disabled_providers, where an earlier release had left it; if you disabled it yourself, add it again: it will stay`,
    );
  for (const name of entries.preserved)
    notes.push(`${name}: your entry of that name was kept; ours has no key and was not written`);
  for (const name of entries.replacedKeys) notes.push(`${name}: your key of that name was replaced`);
  const replacesEntry = Object.entries(object(theirs.provider)).some(
    ([name, entry]) => name in files.config.provider && !isOurEntry(entry),
  );
  const copies = [
    ...(entries.replacedKeys.length > 0 ? [await backUp(paths.auth, authText ?? '')] : []),
    ...(replacesEntry ? [await backUp(paths.config, configText ?? '')] : []),
  ];
  if (copies.length > 0) notes.push(`your previous version was saved to ${copies.join(' and ')}`);

  const off = switchedOff(files.config.enabled_providers, config.text, paths.config, baseValues);
  const written: Written = { files: [], removed: [], notes, switchedOff: off };
  const write = async (
    path: string,
    before: string | undefined,
    text: string,
    mode?: number,
  ): Promise<void> => {
    const changed = before !== text;
    if (changed) await replaceFile(path, text, mode);
    // A file with keys gets its mode even if its text is unchanged.
    else if (mode !== undefined) await chmod(path, mode);
    written.files.push({ path, changed });
  };
  // Record the previous and the new entries first: if the run is killed, no entry of ours later counts as the user's.
  if (owner) await writeRecord(paths.record, { owner, added: union(added, config.added) });
  // Then the keys: opencode would send requests without a key if the config named a provider whose key is not written yet.
  const keyBefore = await readIfExists(paths.portkeyKey);
  const portkeyKey = usesPortkeyKeyFile(files.config) ? files.auth[PORTKEY]?.key : undefined;
  if (portkeyKey !== undefined) await write(paths.portkeyKey, keyBefore, portkeyKey, 0o600);
  await write(paths.auth, authText, auth, 0o600);
  await write(paths.config, configText, config.text);
  if (owner) await writeRecord(paths.record, { owner, added: config.added });
  // Remove the key file last: as long as a config refers to it, every command of opencode fails without it.
  if (portkeyKey === undefined && keyBefore !== undefined) {
    const isNamed = [config.text, ...baseTexts].some((text) => text?.includes(basename(paths.portkeyKey)));
    if (isNamed) await write(paths.portkeyKey, keyBefore, '', 0o600);
    else await rm(paths.portkeyKey).then(() => written.removed.push(paths.portkeyKey));
  }
  return written;
}

/** The list entries that we have added; undefined if they can only be guessed. */
function addedBefore({ record, hasEntries }: Ownership): ListEntries | undefined {
  if (record !== undefined) return record.added;
  // There is no entry of ours: all entries are the user's.
  return hasEntries ? undefined : { enabled_providers: [], disabled_providers: [] };
}

function union(a: ListEntries | undefined, b: ListEntries): ListEntries {
  const both = (list: keyof ListEntries): string[] => [...new Set([...(a?.[list] ?? []), ...b[list]])];
  return { enabled_providers: both('enabled_providers'), disabled_providers: both('disabled_providers') };
}

function parsed(text: string | undefined, file: string, comments = true): Json {
  return text === undefined || text.trim() === '' ? {} : parseObject(text, file, comments);
}
