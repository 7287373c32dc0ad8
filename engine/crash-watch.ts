/** Detects a new container in a crash loop and removes it, so that Pulumi stops waiting for it to become healthy. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  docker,
  lastLogLines,
  removeContainers,
  type StackContainer,
  stackContainers,
} from './containers.ts';
import { UserError } from '../console/errors.ts';

/** Restarts after which a container counts as crash-looping. A single failure may be a transient fault of the machine. */
const CRASH_LOOP_RESTARTS = 3;

/**
 * Runs a deployment and watches its new containers. A container that is still unhealthy after three restarts is removed: Pulumi stops
 * waiting for it at once instead of after minutes. The error has the container's last log lines.
 *
 * @param work the deployment.
 * @throws UserError with the last log lines of a crash-looping container, even if `work` succeeded; otherwise whatever `work` throws.
 */
export async function withCrashWatch<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const before = new Set((await stackContainers(stack)).map((container) => container.id));
  const done = new AbortController();
  const crashed: Crash[] = [];
  const watching = watch(stack, before, crashed, done.signal);
  const watched = async (): Promise<T> => {
    try {
      return await work();
    } finally {
      done.abort();
      await watching;
    }
  };
  const result = await watched().catch((error: unknown) => {
    throw crashed.length === 0 ? error : crashError(crashed, error);
  });
  // Pulumi counts a container without a health check as started, even if it has exited: report it here.
  if (crashed.length > 0) throw crashError(crashed);
  return result;
}

/** The error for the first container that did not start. */
function crashError(crashed: readonly Crash[], cause?: unknown): UserError {
  const { role, name, lines } = crashed[0] as Crash;
  const retry = 'fix the cause and run the command again';
  return new UserError(`the new ${role} does not start`, {
    where: name,
    found: ['its last log lines:', ...lines.map((line) => `    ${line}`)].join('\n'),
    // Only a gateway is created before its predecessor is removed.
    allowed: role === 'gateway' ? `the running gateways keep serving: ${retry}` : retry,
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
  done: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(1500, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    try {
      const fresh = (await stackContainers(stack)).filter((container) => !before.has(container.id));
      for (const container of await crashLooping(fresh)) {
        crashed.push({ ...container, lines: await lastLogLines(container.id, 15) });
        await removeContainers([container]);
      }
    } catch {
      // Docker failed, or the container was removed meanwhile: the deployment itself will report that.
    }
  }
}

/** The unhealthy containers with at least {@link CRASH_LOOP_RESTARTS} restarts. */
async function crashLooping(containers: StackContainer[]): Promise<StackContainer[]> {
  if (containers.length === 0) return [];
  const { stdout } = await docker([
    'inspect',
    '--format',
    '{{.RestartCount}}',
    ...containers.map(({ id }) => id),
  ]);
  const restarts = stdout.split('\n').map(Number);
  return containers.filter(
    (container, index) =>
      (restarts[index] ?? 0) >= CRASH_LOOP_RESTARTS && !container.status.includes('(healthy)'),
  );
}
