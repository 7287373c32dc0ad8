/** Deploys a stack: clears what an interrupted run left, runs `pulumi up`, and says why it failed. */
import {
  lastLogLines,
  removeContainers,
  type StackContainer,
  stackContainers,
  unknownContainers,
} from './containers.ts';
import { watchingForCrashes } from './crash-watch.ts';
import { UserError } from './errors.ts';
import type { Output } from './output.ts';
import { refuseHeldPort } from './port.ts';
import { pulumi } from './pulumi.ts';
import { ensureStack, stackState } from './stack.ts';

/**
 * Runs `pulumi up` on a stack, with Pulumi's progress on standard error.
 *
 * @returns how many resources changed.
 * @throws UserError with the last log lines of a gateway that did not get healthy; the old one serves on.
 */
export async function deploy(out: Output, stack: string): Promise<number> {
  await ensureStack(stack, { onLine: out.progress });
  await clearLeftovers(out, stack);
  await refuseHeldPort(stack);
  try {
    const { log } = await out.step(`deploying ${stack}`, () =>
      watchingForCrashes(stack, () =>
        pulumi(stack, ['up', '--yes', '--skip-preview', ...QUIET], {
          onLine: out.progress,
          progress: out.progress,
        }),
      ),
    );
    return changedResources(log);
  } catch (error) {
    // What was found is told already where a gateway crashed.
    if (error instanceof UserError && error.found === undefined)
      throw new UserError(error.message, { ...error, found: await brokenGateway(stack) });
    throw error;
  }
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

/**
 * Removes containers that an interrupted run of this deployment left, so that names and ports are free again.
 *
 * @throws UserError naming containers of another deployment of this name: they may be in use.
 */
async function clearLeftovers(out: Output, stack: string): Promise<void> {
  const containers = await stackContainers(stack);
  if (containers.length === 0) return;
  const { resources } = await stackState(stack);
  const { ours, foreign } = unknownContainers(containers, resources);
  if (ours.length > 0) {
    out.progress(`removing what an interrupted run left: ${names(ours)}`);
    await removeContainers(ours);
  }
  if (foreign.length > 0) {
    throw new UserError(`there are containers of a stack ${stack} that this stack's state does not know`, {
      found: names(foreign),
      allowed:
        'a stack name used with one backend only: remove them if nothing needs them, or choose another name',
      command: `docker rm --force ${foreign.map((container) => container.name).join(' ')}`,
    });
  }
}

function names(containers: StackContainer[]): string {
  return containers.map((container) => container.name).join(', ');
}

/** The last words of a gateway that is not healthy; undefined if all are. */
async function brokenGateway(stack: string): Promise<string | undefined> {
  const gateways = (await stackContainers(stack)).filter((container) => container.role === 'gateway');
  const broken = gateways.find((container) => !container.status.includes('(healthy)'));
  if (broken === undefined) return undefined;
  const lines = await lastLogLines(broken.id, 15);
  return [`the last lines of ${broken.name}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}
