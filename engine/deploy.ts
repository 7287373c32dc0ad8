/** Deploys a stack: clears what an interrupted run left, runs `pulumi up`, and says why it failed. */
import { brokenGateway, dockerFolder, type StackContainer, stackContainers } from './containers.ts';
import { watchingForCrashes } from './crash-watch.ts';
import { UserError } from '../console/errors.ts';
import { interruptible, type Stopped } from '../console/interruptible.ts';
import { clearLeftovers, refuseForeign } from './leftovers.ts';
import type { Output } from '../console/output.ts';
import { refuseHeldPort } from './port.ts';
import { minFreeBytes, requireSpace } from '../bootstrap/disk.ts';
import { home } from '../console/home-paths.ts';
import { stackOperation } from './stack-operation.ts';
import { ensureState } from './stack-state.ts';

/**
 * Runs `pulumi up` on a stack, with what the engine does on standard error.
 *
 * @returns how many resources changed.
 * @throws UserError with the last log lines of a gateway that did not get healthy; the old one serves on. Interrupted after a Ctrl-C,
 * once the engine has ended what it had begun.
 */
export async function deploy(out: Output, stack: string): Promise<number> {
  await requireRoom();
  let before: StackContainer[] = [];
  const texts = { ...STOPPING, stopped: () => stopped(stack, before) };
  return interruptible(out, texts, async (signal) => {
    before = await stackContainers(stack);
    const { resources } = await ensureState(stack);
    const { foreign, lost } = await clearLeftovers(out, stack, { containers: before, resources }, signal);
    refuseForeign(stack, foreign);
    await refuseHeldPort(stack);
    if (lost.length > 0)
      out.progress(
        `not running in Docker, whatever the state says: ${lost.join(', ')}; refreshing the state`,
      );
    return up(out, stack, { refresh: lost.length > 0, signal });
  });
}

/** What is said when a deployment, or the removal of one, is interrupted. */
export const STOPPING = {
  stopping: 'stopping: Pulumi is ending what it has begun …',
  still: 'still stopping: Pulumi is ending what it has begun …',
};

async function up(
  out: Output,
  stack: string,
  { refresh, signal }: { refresh: boolean; signal: AbortSignal },
): Promise<number> {
  const operation = () =>
    stackOperation(stack, (opened, common) => opened.up({ ...common, refresh }), {
      progress: out.progress,
      signal,
    });
  try {
    const { changes } = await out.step(`deploying ${stack}`, () => watchingForCrashes(stack, operation));
    return changes;
  } catch (error) {
    // What was found is told already where a gateway crashed.
    if (signal.aborted || !(error instanceof UserError) || error.found !== undefined) throw error;
    throw new UserError(error.message, {
      ...error,
      found: await brokenGateway(await stackContainers(stack)),
    });
  }
}

/** What an interrupted deployment has left, as Docker has it. */
async function stopped(stack: string, before: readonly StackContainer[]): Promise<Stopped> {
  const now = await stackContainers(stack).catch(() => []);
  return { message: `interrupted; ${servingNow(before, now)}`, command: `./switchyard up ${stack}` };
}

/**
 * Whether anything serves after an interruption. Requests reach a gateway by way of the edge.
 *
 * @param before the stack's containers before the deployment.
 */
export function servingNow(before: readonly StackContainer[], now: readonly StackContainer[]): string {
  const running = now.filter(({ state }) => state === 'running');
  const gateways = running.filter(({ role }) => role === 'gateway');
  const edge = running.some(({ role }) => role === 'edge');
  if (!edge || gateways.length === 0) return 'nothing is serving now; run up again';
  const old = gateways.some(({ id }) => before.some((container) => container.id === id));
  return old ? 'the old gateway keeps serving; run up again' : 'the new gateway is serving; run up again';
}

/** Ends with a sentence where a state could be written only in part, or a container not be made. */
async function requireRoom(): Promise<void> {
  const needed = minFreeBytes();
  await requireSpace(home(), 'a deployment', needed);
  const folder = await dockerFolder();
  if (folder !== undefined) await requireSpace(folder, 'Docker', needed);
}
