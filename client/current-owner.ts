/** Reads which stack a client's files belong to, without changing any. */
import { parseObject } from './json-objects.ts';
import { ownershipOf } from './ownership.ts';
import { type ClientPaths, readIfThere } from './opencode-paths.ts';
import { type Owner, readRecord } from './record.ts';

/**
 * The stack that the files belong to; undefined where Switchyard has written nothing there.
 *
 * @throws UserError where a config file is malformed.
 */
export async function currentOwner(paths: ClientPaths): Promise<Owner | undefined> {
  const files = [paths.config, ...paths.beneath.toReversed()];
  const texts = await Promise.all(files.map(readIfThere));
  const configs = texts.map((text, index) =>
    text === undefined || text.trim() === '' ? {} : parseObject(text, files[index]!),
  );
  return ownershipOf(configs, (await readRecord(paths.record)).record).owner;
}
