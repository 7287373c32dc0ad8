/** Which master key clients hold. Pure: it is read from a stack's state. */
import { readGeneration } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { plainOutputs, reveal } from '../engine/deployed.ts';
import { resourceName, type StateResource } from '../engine/stack-state.ts';
import { masterGeneration } from './key-ages.ts';

/**
 * The generation of the key that clients hold: the outputs change only once every gateway accepts the new key, so after a rotation that
 * failed half-way it is still the one before, although the state has the new key.
 *
 * @param resources the stack's state.
 * @returns undefined where the outputs do not say: nothing was deployed to the end, or by an older release.
 * @throws UserError where the output is not a number.
 */
export function servingGeneration(stack: string, resources: readonly StateResource[]): number | undefined {
  return unlessRefused(readGeneration(stack, plainOutputs(resources)));
}

/**
 * The same for a stack that was deployed before there was an output for it: the key in the outputs tells which one it is. For one release.
 *
 * @param resources the stack's state, decrypted.
 */
export function olderServingGeneration(resources: readonly StateResource[]): number | undefined {
  const held = resources
    .filter(({ type }) => type === 'pulumi:pulumi:Stack')
    .map(({ outputs }) => reveal(outputs?.masterKey))[0];
  const made = resources.find((resource) => {
    const result = reveal(resource.outputs?.result);
    // As infra/master-key.ts makes it.
    return masterGeneration(resourceName(resource)) !== undefined && held === `sk-${String(result)}`;
  });
  return made && masterGeneration(resourceName(made));
}
