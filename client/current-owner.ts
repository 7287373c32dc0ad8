/** Reads which stack a client's files belong to. Changes nothing. */
import { parseObject } from './json-objects.ts';
import { ownershipOf } from './ownership.ts';
import { type ClientPaths } from './opencode-paths.ts';
import { readIfExists } from './read-if-exists.ts';
import { type Owner, readRecord } from './record.ts';

/**
 * The stack that the files belong to; undefined if Switchyard has written nothing there.
 *
 * @throws UserError if a config file is malformed.
 */
export async function currentOwner(paths: ClientPaths): Promise<Owner | undefined> {
  const files = [paths.config, ...paths.baseLayers.toReversed()];
  const texts = await Promise.all(files.map(readIfExists));
  const configs = texts.map((text, index) =>
    text === undefined || text.trim() === '' ? {} : parseObject(text, files[index]!),
  );
  return ownershipOf(configs, (await readRecord(paths.record)).record).owner;
}
