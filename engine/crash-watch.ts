/** Notices a new gateway that ends again and again while Pulumi waits for it to get healthy, and ends the wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  docker,
  lastLogLines,
  removeContainers,
  type StackContainer,
  stackContainers,
} from './containers.ts';
import { UserError } from '../console/errors.ts';

/** So often a start may fail: once can be the machine's fault. */
const STARTS = 3;

/**
 * Runs a deployment. A new container that its restart policy has started in vain three times will not get healthy by more of it:
 * it is removed, which ends Pulumi's wait of minutes at once, and the deployment's error says what it said last.
 *
 * @param work the deployment.
 * @throws UserError with the container's last lines, even where `work` took no notice of it; else whatever `work` throws.
 */
export async function watchingForCrashes<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const before = new Set((await stackContainers(stack)).map((container) => container.id));
  const over = new AbortController();
  const crashed: Crash[] = [];
  const watching = watch(stack, before, crashed, over.signal);
  const watched = async (): Promise<T> => {
    try {
      return await work();
    } finally {
      over.abort();
      await watching;
    }
  };
  const result = await watched().catch((error: unknown) => {
    throw crashed.length === 0 ? error : crashError(crashed, error);
  });
  // Nobody waits for a container without a health check: Pulumi counts it as started, and it is gone.
  if (crashed.length > 0) throw crashError(crashed);
  return result;
}

/** What the first container that did not start said last. */
function crashError(crashed: readonly Crash[], cause?: unknown): UserError {
  const { role, name, lines } = crashed[0] as Crash;
  const again = 'mend the cause and run the command again';
  return new UserError(`the new ${role} does not start`, {
    where: name,
    found: ['its last lines:', ...lines.map((line) => `    ${line}`)].join('\n'),
    // Of all containers, only a gateway is made before the one that it follows goes.
    allowed: role === 'gateway' ? `what runs serves on: ${again}` : again,
    cause,
  });
}

interface Crash {
  name: string;
  role: string;
  lines: string[];
}

async function watch(
  stack: string,
  before: ReadonlySet<string>,
  crashed: Crash[],
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(1500, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    try {
      const fresh = (await stackContainers(stack)).filter((container) => !before.has(container.id));
      for (const container of await hopeless(fresh)) {
        crashed.push({ ...container, lines: await lastLogLines(container.id, 15) });
        await removeContainers([container]);
      }
    } catch {
      // Docker says no, or the container has gone meanwhile: the deployment itself will tell.
    }
  }
}

/** Those that were started too often and are not healthy. */
async function hopeless(containers: StackContainer[]): Promise<StackContainer[]> {
  if (containers.length === 0) return [];
  const { stdout } = await docker([
    'inspect',
    '--format',
    '{{.RestartCount}}',
    ...containers.map(({ id }) => id),
  ]);
  const restarts = stdout.split('\n').map(Number);
  return containers.filter(
    (container, index) => (restarts[index] ?? 0) >= STARTS && !container.status.includes('(healthy)'),
  );
}
