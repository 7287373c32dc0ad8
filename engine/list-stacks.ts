/** The stacks of this checkout and of its backend, with what is known about each without its passphrase. */
import { UserError } from '../console/errors.ts';
import { plainOutputs } from './deployed.ts';
import { docker } from './containers.ts';
import { deployedName, formerName } from './renamed-stack.ts';
import { hasSettings, knownStacks } from './stack-name.ts';
import { stackAddresses } from './port.ts';
import { deploymentInstance, encryptedResources, stacksInBackend } from './stack-state.ts';
import type { StateResource } from './state-file.ts';

/** A stack, as `stack ls --json` prints it. */
export interface ListedStack {
  stack: string;
  /** The port in its settings file; null if there is none. */
  port: number | null;
  /** The address for clients, of the last `up`; null if it is not deployed. */
  endpoint: string | null;
  /** Whether it has a settings file in this checkout. */
  settings: boolean;
  /** Null if the backend could not be queried. */
  deployed: boolean | null;
  /** The number of its running containers; null if Docker does not answer. */
  running: number | null;
  /** The name under which it was deployed before `pulumi stack rename`. */
  renamedFrom: string | null;
}

/**
 * Lists the stacks that have a settings file here, and those of the project in the backend.
 *
 * @param warn called with a line if the backend or Docker cannot be queried.
 */
export async function listStacks(warn: (line: string) => void): Promise<ListedStack[]> {
  const unlessFailed = async <T>(what: Promise<T>): Promise<T | undefined> => {
    try {
      return await what;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warn(error.message);
      return undefined;
    }
  };
  const [inBackend, running] = await Promise.all([
    unlessFailed(stacksInBackend()),
    unlessFailed(runningContainers()),
  ]);
  const names = [...new Set([...knownStacks(), ...(inBackend ?? [])])].sort();
  const ports = new Map(stackAddresses().map(({ stack, port }) => [stack, port]));
  return Promise.all(
    names.map(async (stack) => {
      const there = inBackend?.includes(stack);
      const resources =
        there === true ? await unlessFailed(encryptedResources(stack)) : there === false ? [] : undefined;
      return {
        stack,
        port: ports.get(stack) ?? null,
        settings: hasSettings(stack),
        ...describeDeployment(stack, resources),
        running: running === undefined ? null : countOf(running, stack, resources ?? []),
      };
    }),
  );
}

/** What the state tells. Outputs of a stack that was removed, but for its volume, are outdated. */
export function describeDeployment(
  stack: string,
  resources: readonly StateResource[] | undefined,
): Pick<ListedStack, 'deployed' | 'endpoint' | 'renamedFrom'> {
  if (resources === undefined) return { deployed: null, endpoint: null, renamedFrom: null };
  const deployed = isDeployed(resources);
  const { endpoint } = plainOutputs(resources);
  return {
    deployed,
    endpoint: deployed && typeof endpoint === 'string' ? endpoint : null,
    renamedFrom: formerName(stack, [...resources]) ?? null,
  };
}

/** Whether anything in Docker belongs to a stack, except its data volume, which `down` keeps. */
export function isDeployed(resources: readonly StateResource[]): boolean {
  return resources.some(({ type }) => type.startsWith('docker:') && type !== VOLUME_TYPE);
}

const VOLUME_TYPE = 'docker:index/volume:Volume';

/** A running container's labels. */
interface Running {
  stack: string;
  instance: string;
}

async function runningContainers(): Promise<Running[]> {
  const format = '{{.Label "switchyard.stack"}}\t{{.Label "switchyard.instance"}}';
  const { stdout } = await docker(['ps', '--filter', 'label=switchyard.stack', '--format', format]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [stack = '', instance = ''] = line.split('\t');
      return { stack, instance };
    });
}

/** How many of the containers belong to this deployment: a stack of the same name in another backend has another instance. */
export function countOf(
  running: readonly Running[],
  stack: string,
  resources: readonly StateResource[],
): number {
  const name = deployedName(resources) ?? stack;
  const instance = deploymentInstance(resources);
  return running.filter((one) => one.stack === name && (instance === undefined || one.instance === instance))
    .length;
}
