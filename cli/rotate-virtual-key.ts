/** What `keys rotate --key` does: a new value of a virtual key, with a grace period in which the old one is accepted too. */
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { deploy } from '../engine/deploy.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { ensureStack, resourceName, stackOutputs, stackState } from '../engine/stack-state.ts';
import { virtualKeyResource } from '../infra/docker-names.ts';
import { graceEnd, isInGrace } from '../keys/rotation.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { keySetting, readKeysCommand, rotateKeySetting } from '../keys/virtual-key-settings.ts';

/** The options of `keys rotate` that a virtual key has. */
export interface VirtualRotation {
  key: string;
  now?: boolean;
  /** Whether to write the client files again that have it. */
  connect: boolean;
  /** Their folder, instead of the clients' own ones. */
  dir?: string;
}

/**
 * Rotates a virtual key. A rotation whose deployment failed is completed, without a further value.
 *
 * @param graceMs how long the old value is still accepted, in milliseconds.
 * @throws UserError if there is no such key.
 */
export async function rotateVirtualKey(
  out: Output,
  stack: string,
  { key: alias, now, connect, dir }: VirtualRotation,
  graceMs: number,
): Promise<void> {
  const { generation, previousUntil } = keySetting(await stackSettings(stack), alias);
  if (now) {
    throw new UserError('--now is for the master key: a virtual key that has leaked is revoked', {
      command: `./switchyard keys revoke ${alias} ${stack}`,
    });
  }
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  await ensureStack(stack);
  const { resources } = await stackState(stack);
  const isDeployed = resources.some((one) => resourceName(one) === virtualKeyResource(alias, generation));
  const next = isDeployed ? generation + 1 : generation;
  const until = graceEnd(new Date(), graceMs);
  // Only one previous value is accepted.
  if (isDeployed && isInGrace({ previousUntil }, new Date()))
    out.warn(
      `value ${generation - 1} of the key "${alias}", which was to be accepted until ${previousUntil}, is refused from now on`,
    );
  if (isDeployed) await rotateKeySetting(stack, alias, next, until);
  else out.progress(`value ${generation} of the key "${alias}" is not deployed yet: deploying it`);
  await deploy(out, stack);
  if (connect) await connectUnlessOwned(out, stack, await stackOutputs(stack), { dir, onlyOwn: true });
  const read = readKeysCommand(stack);
  out.result(
    { stack, alias, generation: next, ...(isDeployed ? { previousUntil: until } : {}), read },
    [
      `the key "${alias}" of ${stack} has value ${next}`,
      ...(isDeployed ? [`  the old value is accepted until ${until}`] : []),
      `  read it: ${read}`,
    ].join('\n'),
  );
}
