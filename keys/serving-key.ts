/** Which master key clients use, according to a stack's state. Pure. */
import { readGeneration } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { plainOutputs, reveal } from '../engine/deployed.ts';
import { resourceName, type StateResource } from '../engine/stack-state.ts';
import { masterGeneration } from './key-ages.ts';

/**
 * The generation of the key that clients use. The outputs change only once every gateway accepts the new key; so after a rotation that
 * failed midway it is still the previous one, although the state has the new key.
 *
 * @param resources the stack's state.
 * @returns undefined if the outputs do not contain it: no deployment was completed, or an older release deployed.
 * @throws UserError if the output is not a number.
 */
export function servingGeneration(stack: string, resources: readonly StateResource[]): number | undefined {
  return unlessRefused(readGeneration(stack, plainOutputs(resources)));
}

/**
 * The same for a stack deployed by a release that did not have this output: found by comparing the key in the outputs. Kept for one
 * release.
 *
 * @param resources the stack's state, decrypted.
 */
export function olderServingGeneration(resources: readonly StateResource[]): number | undefined {
  const inUse = resources
    .filter(({ type }) => type === 'pulumi:pulumi:Stack')
    .map(({ outputs }) => reveal(outputs?.masterKey))[0];
  return [...masterKeys(resources)].find(([, key]) => key === inUse)?.[0];
}

/**
 * The master keys in a stack's state, by generation.
 *
 * @param resources the state, decrypted.
 */
export function masterKeys(resources: readonly StateResource[]): Map<number, string> {
  const keys = new Map<number, string>();
  for (const resource of resources) {
    const generation = masterGeneration(resourceName(resource));
    const result = reveal(resource.outputs?.result);
    // The format of infra/master-key.ts.
    if (generation !== undefined && typeof result === 'string') keys.set(generation, `sk-${result}`);
  }
  return keys;
}
