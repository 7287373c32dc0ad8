/** Which master key the deployed gateways go by. Pure: it is read from a decrypted state. */
import { createHash } from 'node:crypto';
import { reveal } from '../engine/deployed.ts';
import { resourceName, type StateResource } from '../engine/stack-state.ts';
import { masterGeneration } from './key-ages.ts';

/** A master key and its place in the row of rotations. */
export interface ServingKey {
  generation: number;
  /** The key itself. Secret. */
  value: string;
}

/** The list by which a gateway knows its clients' keys. */
const CLIENT_KEYS = '/run/secrets/client-keys.json';

/**
 * The key that clients hold: the current one of the gateways, by the list of keys that each was made with.
 *
 * After a rotation that failed half-way the gateways differ, or none has the new key although the state does. Then it is the oldest
 * one: the new key is handed out only once all gateways know it.
 *
 * @param resources the stack's state, decrypted.
 * @returns undefined where there is no gateway yet.
 */
export function servingKey(resources: readonly StateResource[]): ServingKey | undefined {
  const current = new Set(resources.flatMap((resource) => currentHash(resource) ?? []));
  return resources
    .flatMap((resource) => masterKey(resource) ?? [])
    .filter(({ value }) => current.has(createHash('sha256').update(value).digest('hex')))
    .reduce<ServingKey | undefined>(
      (oldest, key) => (oldest === undefined || key.generation < oldest.generation ? key : oldest),
      undefined,
    );
}

function masterKey(resource: StateResource): ServingKey | undefined {
  const generation = masterGeneration(resourceName(resource));
  const result = reveal(resource.outputs?.result);
  if (generation === undefined || typeof result !== 'string') return undefined;
  // As infra/master-key.ts makes it.
  return { generation, value: `sk-${result}` };
}

/** The hash of the key that a gateway takes for the current one; undefined for any other resource. */
function currentHash(resource: StateResource): string | undefined {
  if (!/^gateway-\d+$/.test(resourceName(resource))) return undefined;
  const uploads = reveal(resource.inputs?.uploads);
  if (!Array.isArray(uploads)) return undefined;
  const list = (uploads as { file: string; content?: unknown }[]).find(({ file }) => file === CLIENT_KEYS);
  if (typeof list?.content !== 'string') return undefined;
  const { keys } = JSON.parse(list.content) as { keys: { name: string; sha256: string }[] };
  return keys.find(({ name }) => name === 'master')?.sha256;
}
