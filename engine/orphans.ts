/** Differences between Docker and a stack's state: orphans of an interrupted run, unmanaged containers, missing containers. */
import { missingContainers, removeContainers, type StackContainer, unknownContainers } from './containers.ts';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { stackOperation } from './stack-operation.ts';
import { resourceName, type StateResource, stackState } from './stack-state.ts';

/** The differences that remain after the orphans were removed. */
export interface Survey {
  /** Containers of another deployment of the same name: they may be in use. */
  unmanaged: StackContainer[];
  /** The names of resources whose container was removed or stopped outside Pulumi. */
  missing: string[];
}

/** A stack's containers and its state. Read the state after listing the containers: a run in progress may have recorded more of them by then. */
export interface Found {
  containers: StackContainer[];
  resources: StateResource[];
}

/**
 * Removes the orphans: containers that an interrupted run of this deployment left behind. That frees their names, ports and network.
 *
 * @param found the containers in Docker, and the state, which was read after that.
 * @param signal aborts the check of the lock.
 * @returns the remaining differences.
 * @throws UserError while another run is in progress: what looks like an orphan may be a container that it has not recorded yet.
 */
export async function removeOrphans(
  out: Output,
  stack: string,
  { containers, resources: first }: Found,
  signal: AbortSignal,
): Promise<Survey> {
  if (unknownContainers(containers, first).orphans.length === 0) return survey(containers, first);
  await refuseRunInProgress(out, stack, first, signal);
  // Read the state again: by now every run that created any of the listed containers has ended and has recorded it.
  const { resources } = await stackState(stack);
  const { orphans } = unknownContainers(containers, resources);
  if (orphans.length > 0) {
    out.progress(`removing the containers that an interrupted run left behind: ${containerNames(orphans)}`);
    await removeContainers(orphans);
  }
  return survey(containers, resources);
}

/**
 * Refuses to continue if there are containers of another deployment of the same name.
 *
 * @throws UserError naming them.
 */
export function refuseUnmanaged(stack: string, unmanaged: StackContainer[]): void {
  if (unmanaged.length === 0) return;
  throw new UserError(`Docker has containers of another deployment named ${stack}`, {
    found: containerNames(unmanaged),
    allowed:
      'one deployment per name and machine: remove the containers if nothing needs them, or choose another name',
    command: `docker rm --force ${unmanaged.map((container) => container.name).join(' ')}`,
  });
}

/**
 * Checks for a run in progress by acquiring Pulumi's lock briefly: the only way that works with every backend. The operation that acquires
 * it refreshes the stack's random id, which changes nothing.
 */
async function refuseRunInProgress(
  out: Output,
  stack: string,
  resources: readonly StateResource[],
  signal: AbortSignal,
): Promise<void> {
  const instance = resources.find((resource) => resourceName(resource) === 'instance');
  if (instance === undefined) return;
  const target = [instance.urn];
  await stackOperation(stack, (opened, common) => opened.refresh({ ...common, target }), {
    progress: out.progress,
    signal,
  });
}

function survey(containers: StackContainer[], resources: StateResource[]): Survey {
  return {
    unmanaged: unknownContainers(containers, resources).unmanaged,
    missing: missingContainers(containers, resources),
  };
}

function containerNames(containers: StackContainer[]): string {
  return containers.map((container) => container.name).join(', ');
}
