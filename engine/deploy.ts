/** Deploys a stack: removes what an interrupted run left behind, runs `pulumi up`, and explains a failure. */
import { unhealthyGatewayLog, dockerFolder, type StackContainer, stackContainers } from './containers.ts';
import { withCrashWatch } from './crash-watch.ts';
import { UserError } from '../console/errors.ts';
import { interruptible, type Stopped } from '../console/interruptible.ts';
import { removeOrphans, refuseUnmanaged } from './orphans.ts';
import type { Output } from '../console/output.ts';
import { requireFreePort } from './port.ts';
import { refuseRenamed } from './renamed-stack.ts';
import { minFreeBytes, requireSpace } from '../bootstrap/disk.ts';
import { home } from '../console/home-paths.ts';
import { stackOperation } from './stack-operation.ts';
import { ensureState } from './stack-state.ts';

/**
 * Runs `pulumi up` on a stack, with the engine's progress on standard error.
 *
 * @returns how many resources changed.
 * @throws UserError with the last log lines of a gateway that did not become healthy; the old one keeps serving.
 * @throws Interrupted after a Ctrl-C, once the engine has completed the operations in progress.
 */
export async function deploy(out: Output, stack: string): Promise<number> {
  await requireDiskSpace();
  let before: StackContainer[] = [];
  const texts = { ...STOPPING, stopped: () => stopped(stack, before) };
  return interruptible(out, texts, async (signal) => {
    before = await stackContainers(stack);
    const { resources } = await ensureState(stack);
    refuseRenamed(stack, resources);
    const { unmanaged, missing } = await removeOrphans(out, stack, { containers: before, resources }, signal);
    refuseUnmanaged(stack, unmanaged);
    await requireFreePort(stack);
    if (missing.length > 0)
      out.progress(`in the state, but not running in Docker: ${missing.join(', ')}; refreshing the state`);
    return up(out, stack, { refresh: missing.length > 0, signal });
  });
}

/** The messages when a deployment, or the removal of one, is interrupted. */
export const STOPPING = {
  stopping: 'stopping: Pulumi is completing the operations in progress …',
  still: 'still stopping: Pulumi is completing the operations in progress …',
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
    const { changes } = await out.step(`deploying ${stack}`, () => withCrashWatch(stack, operation));
    return changes;
  } catch (error) {
    // The error for a crashed gateway has its log lines already.
    if (signal.aborted || !(error instanceof UserError) || error.found !== undefined) throw error;
    throw new UserError(error.message, {
      ...error,
      found: await unhealthyGatewayLog(await stackContainers(stack)),
    });
  }
}

/** The closing message of an interrupted deployment, according to Docker. */
async function stopped(stack: string, before: readonly StackContainer[]): Promise<Stopped> {
  const now = await stackContainers(stack).catch(() => []);
  return { message: `interrupted; ${servingNow(before, now)}`, command: `./switchyard up ${stack}` };
}

/**
 * Describes which gateway serves after an interruption; none does without the edge, through which all requests go.
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

/** Refuses to deploy if the disk has too little space for the state, or Docker's has too little for containers. */
async function requireDiskSpace(): Promise<void> {
  const needed = minFreeBytes();
  await requireSpace(home(), 'a deployment', needed);
  const folder = await dockerFolder();
  if (folder !== undefined) await requireSpace(folder, 'Docker', needed);
}
