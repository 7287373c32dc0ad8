/** Where Docker and a stack's state differ: what an interrupted run left, what others made, and what is gone. */
import { lostContainers, removeContainers, type StackContainer, unknownContainers } from './containers.ts';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { stackOperation } from './stack-operation.ts';
import { resourceName, type StateResource, stackState } from './stack-state.ts';

/** What there is of a stack, once the leftovers of an interrupted run are away. */
export interface Survey {
  /** Containers of another deployment of this name: they may be in use. */
  foreign: StackContainer[];
  /** The names of resources whose container is gone from Docker, or stopped, behind Pulumi's back. */
  lost: string[];
}

/** What there is of a stack. The containers are listed first: what a run has made meanwhile is in a state that is read later. */
export interface Found {
  containers: StackContainer[];
  resources: StateResource[];
}

/**
 * Removes containers that an interrupted run of this deployment left, so that names, ports and the network are free again.
 *
 * @param found what Docker had, and after that the state.
 * @param signal ends the look at the lock.
 * @returns what else differs.
 * @throws UserError while another run is at work: what it has made and not yet written down is no leftover.
 */
export async function clearLeftovers(
  out: Output,
  stack: string,
  { containers, resources: first }: Found,
  signal: AbortSignal,
): Promise<Survey> {
  if (unknownContainers(containers, first).ours.length === 0) return survey(containers, first);
  await refuseLivingRun(out, stack, first, signal);
  // Only now is the state to be believed: every run that made any of the listed containers has ended and written it down.
  const { resources } = await stackState(stack);
  const { ours } = unknownContainers(containers, resources);
  if (ours.length > 0) {
    out.progress(`removing what an interrupted run left: ${containerNames(ours)}`);
    await removeContainers(ours);
  }
  return survey(containers, resources);
}

/**
 * Ends with a sentence if there are containers of another deployment of this name.
 *
 * @throws UserError naming them.
 */
export function refuseForeign(stack: string, foreign: StackContainer[]): void {
  if (foreign.length === 0) return;
  throw new UserError(`there are containers of a stack ${stack} that this stack's state does not know`, {
    found: containerNames(foreign),
    allowed:
      'a stack name used with one backend only: remove them if nothing needs them, or choose another name',
    command: `docker rm --force ${foreign.map((container) => container.name).join(' ')}`,
  });
}

/**
 * Holds Pulumi's lock for a moment, as the one way to learn from every backend whether another run holds it: refreshing the stack's
 * own random id changes nothing.
 */
async function refuseLivingRun(
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
    foreign: unknownContainers(containers, resources).foreign,
    lost: lostContainers(containers, resources),
  };
}

function containerNames(containers: StackContainer[]): string {
  return containers.map((container) => container.name).join(', ');
}
