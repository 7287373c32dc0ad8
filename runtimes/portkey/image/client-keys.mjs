// The clients' keys: the container has only their hashes. The gateways' clientkeys.py does the same.
//
// The file is `{"keys": [{"name": "master", "sha256": "<hex>"}, {"name": "master-previous", "sha256": "…", "until": "<ISO time>"}]}`. Each
// request checks whether the file has changed, and reads it again if so. If it cannot be read, the last valid list stays in force.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { logError } from './log-error.mjs';

/** The validated entries. The error names the invalid entry, but never its content. */
function parse(text) {
  return JSON.parse(text).keys.map(({ sha256, until }, position) => {
    if (!/^[0-9a-f]{64}$/i.test(sha256)) throw new Error(`keys[${position}].sha256 is not 32 bytes in hex`);
    const end = until === undefined ? Infinity : Date.parse(until);
    if (Number.isNaN(end)) throw new Error(`keys[${position}].until is not a time`);
    return { hash: Buffer.from(sha256, 'hex'), until: end };
  });
}

/**
 * Returns a function: whether a request's headers contain a known key that has not expired.
 *
 * @param path the file. An invalid one throws now; later it is logged.
 */
export function keyCheck(path) {
  const version = () => {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  };
  let seen = version();
  let known = parse(readFileSync(path, 'utf8'));

  function refresh() {
    try {
      const now = version();
      if (now === seen) return;
      seen = now;
      known = parse(readFileSync(path, 'utf8'));
    } catch (error) {
      logError('client-keys.json cannot be read; the last valid list stays in force', error);
    }
  }

  return (headers) => {
    refresh();
    const given = headers['x-api-key'] ?? /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (typeof given !== 'string') return false;
    const hash = createHash('sha256').update(given).digest();
    // All entries are compared, so that the duration reveals nothing about the keys.
    return known.filter((key) => Date.now() < key.until && timingSafeEqual(key.hash, hash)).length > 0;
  };
}
