/** The benchmark's own containers: plain gateways beside the stacks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { docker } from '../engine/containers.ts';
import { UserError } from '../console/errors.ts';
import { CONTAINER_USER } from '../infra/docker-names.ts';
import type { Endpoint } from './ask.ts';
import { meterOf } from './meter.ts';
import type { Site } from './site.ts';
import type { Target } from './targets.ts';

/** The label that all containers of a run bear. */
const LABEL = 'switchyard.bench';

/** A gateway to start in a container. */
export interface GatewaySpec {
  /** The target's name in the report. */
  name: string;
  image: string;
  /** The port it listens on. */
  port: number;
  command: [string, ...string[]];
  /** Plain settings. Keys have no place here: `docker inspect` shows them. */
  env: Record<string, string>;
  /** A folder with the files that it needs, and where it finds them: a path that is not in the image. */
  files?: { from: string; to: string };
  /** Answers 200 once it is ready. */
  readyPath: string;
  /** What a request needs: a key among the headers, and the model's name. */
  request: Pick<Endpoint, 'headers' | 'model'>;
  /** Whether it answers a request that it knows from its cache. */
  caches: boolean;
}

/**
 * Starts a gateway beside the site's upstream and waits until it is ready.
 *
 * @throws UserError with its last lines if it does not get ready.
 */
export async function startGateway(site: Site, spec: GatewaySpec, signal: AbortSignal): Promise<Target> {
  const { image, command, env, files, request, caches } = spec;
  const name = `switchyard-${site.run}-${spec.name}`;
  const port = await site.freePort();
  const [entrypoint, ...args] = command;
  await docker([
    'create', '--name', name, '--label', `${LABEL}=${site.run}`, '--network', site.network,
    '--publish', `127.0.0.1:${port}:${spec.port}`, '--user', CONTAINER_USER,
    '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    // Where the gateways keep their cache: a volume, as the stacks' own. It goes with the container.
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

/** A busy machine takes minutes for the start of LiteLLM, which needs some 12 s of CPU. */
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
      const how = running ? `was not ready within ${READY_SECONDS} s` : 'ended';
      throw new UserError(`${name} ${how}`, { where: url, found: all });
    }
    await sleep(100);
  }
}

/** Removes all containers of a run, whatever state they are in. */
export async function removeRun(run: string): Promise<void> {
  await removeLabelled(`${LABEL}=${run}`);
}

/** Removes all containers with a label, whatever state they are in, and their unnamed volumes. */
export async function removeLabelled(label: string): Promise<void> {
  const { stdout } = await docker(['ps', '--all', '--quiet', '--filter', `label=${label}`]);
  const ids = stdout.split('\n').filter(Boolean);
  if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids]);
}
