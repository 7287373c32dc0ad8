/** Writes the client's files into a folder: everything is read, merged and checked before the first byte is written. */
import { chmod } from 'node:fs/promises';
import { PORTKEY } from '../../catalog/lanes.ts';
import { type ClientFiles, wantsPortkeyKeyFile, withPortkeyKeyFile } from './files.ts';
import { type Json, parseObject } from './json.ts';
import { mergeOpencode } from './merge.ts';
import { mergeAuth } from './merge-auth.ts';
import { type ClientPaths, readIfThere, replaceFile } from './paths.ts';

/** What was written. */
export interface Written {
  /** Each file, and whether it changed. */
  files: { path: string; changed: boolean }[];
  /** What the user should know about entries of theirs. */
  notes: string[];
}

/**
 * Merges the files into what is at `paths`.
 *
 * @throws UserError where one of the user's files is malformed; then nothing is changed.
 */
export async function writeClientFiles(paths: ClientPaths, given: ClientFiles): Promise<Written> {
  const files = withPortkeyKeyFile(given, paths.portkeyKey);
  const [configText, authText] = [await readIfThere(paths.config), await readIfThere(paths.auth)];
  const beneath: Json = {};
  for (const file of paths.beneath)
    Object.assign(beneath, parseObject((await readIfThere(file)) ?? '{}', file));

  const auth = mergeAuth(authText, files.auth, Object.keys(files.config.provider), paths.auth);
  const config = mergeOpencode(configText, files.config, {
    file: paths.config,
    beneath,
    hadKey: Object.keys(authText?.trim() ? parseObject(authText, paths.auth, false) : {}),
  });

  const written: Written = { files: [], notes: config.notes };
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
  // Keys first: a config that names a provider whose key is not there yet would send requests without one.
  const portkeyKey = files.auth[PORTKEY]?.key;
  if (portkeyKey !== undefined && wantsPortkeyKeyFile(files.config)) {
    await write(paths.portkeyKey, await readIfThere(paths.portkeyKey), portkeyKey, 0o600);
  }
  await write(paths.auth, authText, auth, 0o600);
  await write(paths.config, configText, config.text);
  return written;
}
