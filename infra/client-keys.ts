/** The text of client-keys.json, by which gateways and Portkey know the clients' keys without holding them. Pure. */
import { createHash } from 'node:crypto';

/** Where the file is in each container that checks keys. */
export const CLIENT_KEYS_FILE = '/run/secrets/client-keys.json';

/** The entry of the current master key, and of the one before it. */
const MASTER = 'master';
const PREVIOUS = 'master-previous';

/** A key in the file. */
interface Entry {
  name: string;
  /** In hex. */
  sha256: string;
  /** When it expires: an ISO 8601 time. Never if omitted. */
  until?: string;
  /** The aliases that it may use. All if omitted. */
  models?: string[];
}

/**
 * The text of the gateways' client-keys.json.
 *
 * @param current the current master key.
 * @param previous the key before it, if that is still accepted.
 * @param until when `previous` expires: an ISO 8601 time.
 */
export function clientKeysFile(current: string, previous?: string, until?: string): string {
  const keys: Entry[] = [{ name: MASTER, sha256: sha256(current) }];
  if (previous !== undefined && until !== undefined) {
    keys.push({ name: PREVIOUS, sha256: sha256(previous), until });
  }
  return JSON.stringify({ keys });
}

/**
 * The same file with one more key.
 *
 * @param file the text that {@link clientKeysFile} made.
 * @param name whose key it is.
 * @param limits when it expires, and what it may use. Without limits it never expires and may use all models.
 */
export function addClientKey(
  file: string,
  name: string,
  key: string,
  limits: Pick<Entry, 'until' | 'models'> = {},
): string {
  const { keys } = JSON.parse(file) as { keys: Entry[] };
  return JSON.stringify({ keys: [...keys, { name, sha256: sha256(key), ...limits }] });
}

/** The same file without the keys of this name, current and previous. */
export function removeClientKey(file: string, alias: string): string {
  const { keys } = JSON.parse(file) as { keys: Entry[] };
  return JSON.stringify({ keys: keys.filter(({ name }) => name !== alias && name !== `${alias}-previous`) });
}

/** The same file with a new master key, beside all that it accepts already. */
export function acceptToo(file: string, masterKey: string): string {
  const { keys } = JSON.parse(file) as { keys: Entry[] };
  const added: Entry = { name: MASTER, sha256: sha256(masterKey) };
  const others = keys.filter((entry) => entry.sha256 !== added.sha256);
  return JSON.stringify({
    keys: [added, ...others.map((entry) => (entry.name === MASTER ? { ...entry, name: PREVIOUS } : entry))],
  });
}

/**
 * The same file with this master key and no other one. Keys under other names stay.
 *
 * @param endStreams whether running streams of keys that are not in the list any more end.
 */
export function acceptOnly(file: string, masterKey: string, endStreams = false): string {
  const { keys } = JSON.parse(file) as { keys: Entry[] };
  const others = keys.filter(({ name }) => name !== MASTER && name !== PREVIOUS);
  return JSON.stringify({
    keys: [{ name: MASTER, sha256: sha256(masterKey) }, ...others],
    ...(endStreams ? { endStreams } : {}),
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
