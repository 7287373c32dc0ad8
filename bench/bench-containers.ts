/** The benchmark's own containers: plain gateways, without a stack. */
import { setTimeout as sleep } from 'node:timers/promises';
import { docker } from '../engine/containers.ts';
import { UserError } from '../console/errors.ts';
import { CONTAINER_USER } from '../infra/docker-names.ts';
import type { Endpoint } from './ask.ts';
import { meterOf } from './meter.ts';
import type { BenchEnvironment } from './bench-environment.ts';
import type { Target } from './targets.ts';

/** The label of all containers of a run. */
const LABEL = 'switchyard.bench';

/** A gateway to start in a container. */
export interface GatewaySpec {
  /** The target's name in the report. */
  name: string;
  image: string;
  /** The port it listens on. */
  port: number;
  command: [string, ...string[]];
  /** Settings without keys, since `docker inspect` shows them. */
  env: Record<string, string>;
  /** A folder with the files that it needs, and its path in the container, which must not exist in the image. */
  files?: { from: string; to: string };
  /** A path that answers 200 when it is ready. */
  readyPath: string;
  /** What a request needs: headers with a key, and the model's name. */
  request: Pick<Endpoint, 'headers' | 'model'>;
  /** Whether it answers repeated requests from a cache. */
  caches: boolean;
}

/**
 * Starts a gateway on the environment's network and waits until it is ready.
 *
 * @throws UserError with its last log lines if it does not become ready.
 */
export async function startGateway(
  environment: BenchEnvironment,
  spec: GatewaySpec,
  signal: AbortSignal,
): Promise<Target> {
  const { image, command, env, files, request, caches } = spec;
  const name = `switchyard-${environment.run}-${spec.name}`;
  const port = await environment.freePort();
  const [entrypoint, ...args] = command;
  await docker([
    'create', '--name', name, '--label', `${LABEL}=${environment.run}`, '--network', environment.network,
    '--publish', `127.0.0.1:${port}:${spec.port}`, '--user', CONTAINER_USER,
    '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    // The gateways' cache is on a volume, as in the stacks. It is removed with the container.
    '--volume', '/data',
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    '--entrypoint', entrypoint, image, ...args,
  ]); // prettier-ignore
  if (files) await docker(['cp', files.from, `${name}:${files.to}`]);
  await docker(['start', name]);
  await untilReady(name, `http://127.0.0.1:${port}${spec.readyPath}`, signal);
  return {
    name: spec.name,
    endpoint: { host: '127.0.0.1', port, path: '/v1/chat/completions', ...request },
    containers: [name],
    coldStartCpuSeconds: (await (await meterOf([name])).read()).cpuSeconds,
    caches,
  };
}

/** LiteLLM's start needs about 12 s of CPU, which can take minutes on a busy machine. */
const READY_SECONDS = 600;

async function untilReady(name: string, url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + READY_SECONDS * 1000;
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    const running = (await docker(['inspect', '--format', '{{.State.Running}}', name])).stdout === 'true';
    if (!running || Date.now() > end) {
      const { all } = await docker(['logs', '--tail', '15', name]);
      const how = running ? `was not ready within ${READY_SECONDS} s` : 'exited';
      throw new UserError(`${name} ${how}`, { where: url, found: all });
    }
    await sleep(100);
  }
}

/** Removes all containers of a run, whatever their state. */
export async function removeRun(run: string): Promise<void> {
  await removeLabelled(`${LABEL}=${run}`);
}

/** Removes all containers with a label, whatever their state, and their anonymous volumes. */
export async function removeLabelled(label: string): Promise<void> {
  const { stdout } = await docker(['ps', '--all', '--quiet', '--filter', `label=${label}`]);
  const ids = stdout.split('\n').filter(Boolean);
  if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids]);
}
