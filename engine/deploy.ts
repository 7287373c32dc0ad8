/** Deploys a stack: clears what an interrupted run left, runs `pulumi up`, and says why it failed. */
import { brokenGateway, dockerFolder, stackContainers } from './containers.ts';
import { watchingForCrashes } from './crash-watch.ts';
import { UserError } from '../console/errors.ts';
import { clearLeftovers, refuseForeign } from './leftovers.ts';
import type { Output } from '../console/output.ts';
import { refuseHeldPort } from './port.ts';
import { pulumi } from './pulumi-run.ts';
import { minFreeBytes, requireSpace } from '../bootstrap/disk.ts';
import { home } from '../console/home-paths.ts';
import { ensureStack } from './stack-state.ts';

/**
 * Runs `pulumi up` on a stack, with Pulumi's progress on standard error.
 *
 * @returns how many resources changed.
 * @throws UserError with the last log lines of a gateway that did not get healthy; the old one serves on.
 */
export async function deploy(out: Output, stack: string): Promise<number> {
  await requireRoom();
  await ensureStack(stack, { onLine: out.progress });
  const { foreign, lost } = await clearLeftovers(out, stack);
  refuseForeign(stack, foreign);
  await refuseHeldPort(stack);
  if (lost.length > 0)
    out.progress(`not running in Docker, whatever the state says: ${lost.join(', ')}; refreshing the state`);
  const refresh = lost.length > 0 ? ['--refresh'] : [];
  const up = () =>
    pulumi(stack, ['up', '--yes', '--skip-preview', ...refresh, ...QUIET], {
      onLine: out.progress,
      progress: out.progress,
    });
  try {
    const { log } = await out.step(`deploying ${stack}`, () => watchingForCrashes(stack, up));
    return changedResources(log);
  } catch (error) {
    // What was found is told already where a gateway crashed.
    if (!(error instanceof UserError) || error.found !== undefined) throw error;
    throw new UserError(error.message, {
      ...error,
      found: await brokenGateway(await stackContainers(stack)),
    });
  }
}

/** Ends with a sentence where a state could be written only in part, or a container not be made. */
async function requireRoom(): Promise<void> {
  const needed = minFreeBytes();
  await requireSpace(home(), 'a deployment', needed);
  const folder = await dockerFolder();
  if (folder !== undefined) await requireSpace(folder, 'Docker', needed);
}

/** No dots for "still at it", which the step's own clock shows, and no outputs: `up` ends with what matters of them. */
const QUIET = ['--suppress-progress', '--suppress-outputs'];

/** The number of resources that Pulumi's closing summary counts as changed. */
export function changedResources(log: string): number {
  const block = /^Resources:\n(?<lines>(?: {4}.*\n?)+)/m.exec(log)?.groups?.lines ?? '';
  return block
    .split('\n')
    .filter((line) => !line.includes('unchanged'))
    .reduce((sum, line) => sum + Number(/^\s+\D*(\d+) \w/.exec(line)?.[1] ?? 0), 0);
}
