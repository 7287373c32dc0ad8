/** Reads opencode's files, and which stack they belong to. Changes nothing. */
import type { Owner } from './client-record.ts';
import { object } from './json-objects.ts';
import { readManaged } from './managed-files.ts';
import type { OpencodeState } from './opencode-claims.ts';
import { markedStack, ourProviders } from './opencode-marks.ts';
import type { ClientPaths } from './opencode-paths.ts';

/** opencode's files, and their owner. */
export interface OwnedOpencode extends OpencodeState {
  /** The stack that the files belong to; undefined if they have none of our entries. */
  owner?: Owner | undefined;
}

/**
 * Reads opencode's files.
 *
 * @throws UserError with file, line and column if one is malformed.
 */
export async function readOpencode(paths: ClientPaths): Promise<OwnedOpencode> {
  const state = await readManaged(paths.record, {
    [paths.config]: 'jsonc',
    ...Object.fromEntries(paths.baseLayers.map((file) => [file, 'jsonc' as const])),
    [paths.auth]: 'json',
    [paths.portkeyKey]: 'text',
  });
  const configs = [paths.config, ...paths.baseLayers.toReversed()].map((file) =>
    object(state.files[file]?.content),
  );
  const written = configs.map(markedStack).find((stack) => stack !== undefined);
  const recorded = (state.record ?? state.older)?.owner;
  // If the names differ, an older release, which writes no such record, has connected another stack since: the record is out of date.
  const isStale = recorded !== undefined && written !== undefined && written !== recorded.stack;
  const owner = isStale || recorded === undefined ? written && { stack: written } : recorded;
  return {
    ...state,
    ...{ paths, configs, auth: object(state.files[paths.auth]?.content) },
    ...(isStale ? { record: undefined, older: undefined } : {}),
    owner: configs.some((config) => ourProviders(config).length > 0) && owner ? owner : undefined,
  };
}

/**
 * The stack that opencode's files belong to; undefined if Switchyard has written nothing there.
 *
 * @throws UserError if a file is malformed.
 */
export async function currentOwner(paths: ClientPaths): Promise<Owner | undefined> {
  return (await readOpencode(paths)).owner;
}

/** Whether two owners are the same stack, with whichever key. If a backend is not known, only the names are compared. */
export function isSameOwner(a: Owner, b: Owner): boolean {
  if (a.stack !== b.stack) return false;
  return a.backend === undefined || b.backend === undefined || a.backend === b.backend;
}
