/** Removes a stack that is not deployed: from Pulumi's state, and its settings file. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { dockerName } from '../infra/docker-names.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { stackContainers, unknownContainers } from './containers.ts';
import { isDeployed } from './list-stacks.ts';
import { pulumi } from './pulumi-run.ts';
import { readRawConfig } from './stack-settings.ts';
import { encryptedResources, resourceName } from './stack-state.ts';
import type { StateResource } from './state-file.ts';

/** What would be removed with a stack. */
export interface RemovalPlan {
  stack: string;
  /** Whether it is in the backend. */
  inBackend: boolean;
  /** Whether its state still has the data volume, which is never removed. */
  volume?: string;
  /** Its settings file, if there is one, and the names of the keys that are encrypted in it. */
  file?: string;
  keys: string[];
}

/**
 * What removing a stack would remove. Changes nothing, and needs no passphrase.
 *
 * @throws UserError while anything of the stack is deployed.
 */
export async function planRemoval(stack: string, folder = ROOT): Promise<RemovalPlan> {
  const resources = await encryptedResources(stack);
  if (resources !== undefined) await refuseDeployed(stack, resources);
  const file = stackFileName(stack);
  const there = existsSync(join(folder, file));
  const volume = resources?.some((resource) => resourceName(resource) === 'data') === true;
  return {
    stack,
    inBackend: resources !== undefined,
    ...(volume ? { volume: dockerName(stack, 'data') } : {}),
    ...(there ? { file } : {}),
    keys: there ? readRawConfig(stack, folder).secretKeys : [],
  };
}

async function refuseDeployed(stack: string, resources: StateResource[]): Promise<void> {
  // Without Docker only the state is known. It has all but the containers of an interrupted run.
  const containers = await stackContainers(stack).catch(() => []);
  const { orphans } = unknownContainers(containers, resources);
  if (!isDeployed(resources) && orphans.length === 0) return;
  throw new UserError(`stack ${stack} is deployed`, {
    allowed: 'a stack that was taken down: its containers could not be removed any more without its state',
    command: `./switchyard down ${stack}`,
  });
}

/**
 * Removes the stack from the backend, then its settings file. If it is interrupted, the same command completes it. The data volume and the
 * passphrase stay.
 */
export async function removeStack({ stack, inBackend, file }: RemovalPlan): Promise<void> {
  if (inBackend) {
    // --force: the state may still name the data volume, which this does not touch. --preserve-config: Pulumi would remove the file first.
    const args = ['stack', 'rm', '--yes', '--force', '--preserve-config'];
    await pulumi(stack, args, { withoutPassphrase: true });
  }
  if (file !== undefined) rmSync(join(ROOT, file), { force: true });
}
