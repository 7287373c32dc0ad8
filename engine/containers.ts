/** A stack's containers, as Docker sees them. */
import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { deploymentInstance, resourceName, type StateResource } from './stack-state.ts';

/** A container with Switchyard's labels. */
export interface StackContainer {
  id: string;
  name: string;
  /** `gateway`, `edge` or `portkey`. */
  role: string;
  /** The deployment that created it: the stack's random id. */
  instance: string;
  /** Docker's state: `running`, `restarting`, `exited`, … */
  state: string;
  /** Docker's status text, e.g. `Up 3 minutes (healthy)`. */
  status: string;
  image: string;
}

/** The containers labelled with this stack's name, running or not. */
export async function stackContainers(stack: string): Promise<StackContainer[]> {
  const { stdout } = await docker([
    'ps', '--all', '--no-trunc', '--filter', `label=switchyard.stack=${stack}`, '--format', FORMAT,
  ]); // prettier-ignore
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', name = '', role = '', instance = '', state = '', status = '', image = ''] =
        line.split('\t');
      return { id, name, role, instance, state, status, image };
    });
}

const FORMAT = [
  '{{.ID}}', '{{.Names}}', '{{.Label "switchyard.role"}}', '{{.Label "switchyard.instance"}}', '{{.State}}', '{{.Status}}', '{{.Image}}',
].join('\t'); // prettier-ignore

/** A container's last log lines, oldest first. */
export async function lastLogLines(container: string, count: number): Promise<string[]> {
  const { all } = await docker(['logs', '--tail', String(count), container]);
  return all.split('\n').filter((line) => line.trim() !== '');
}

/** A container's last log lines under a heading, for an error. */
async function describeLog({ id, name }: StackContainer): Promise<string> {
  const lines = await lastLogLines(id, 15);
  return [`the last log lines of ${name}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** The last log lines of an unhealthy gateway; undefined if all gateways are healthy. */
export async function unhealthyGatewayLog(containers: StackContainer[]): Promise<string | undefined> {
  const gateways = containers.filter((container) => container.role === 'gateway');
  const unhealthy = gateways.find((container) => !container.status.includes('(healthy)'));
  return unhealthy === undefined ? undefined : describeLog(unhealthy);
}

/** The last log lines of the container that most likely caused a failed request: an unhealthy gateway, otherwise the edge. */
export async function failingContainerLog(stack: string): Promise<string | undefined> {
  const containers = await stackContainers(stack);
  const gateway = await unhealthyGatewayLog(containers);
  const edge = containers.find((container) => container.role === 'edge');
  return gateway ?? (edge && describeLog(edge));
}

/** Docker's folder for images and containers; undefined if it is not on this machine. */
export async function dockerFolder(): Promise<string | undefined> {
  const folder = (await docker(['info', '--format', '{{.DockerRootDir}}'])).stdout.trim();
  return folder !== '' && existsSync(folder) ? folder : undefined;
}

/**
 * Containers with this stack's label that are not in its state.
 *
 * @returns `orphans`: left behind by an interrupted run of this deployment; `unmanaged`: created by another deployment of the same name
 *   (with another backend, for example), which may be in use.
 */
export function unknownContainers(
  containers: StackContainer[],
  resources: StateResource[],
): { orphans: StackContainer[]; unmanaged: StackContainer[] } {
  const known = new Set(resources.filter((r) => r.type === CONTAINER_TYPE).map((r) => r.id));
  const instance = deploymentInstance(resources);
  const unknown = containers.filter((container) => !known.has(container.id));
  return {
    orphans: unknown.filter((container) => container.instance === instance),
    unmanaged: unknown.filter((container) => container.instance !== instance),
  };
}

/**
 * The names of resources whose container was removed or stopped outside Pulumi. Pulumi does not notice: it compares with its own state
 * only.
 */
export function missingContainers(
  containers: readonly StackContainer[],
  resources: readonly StateResource[],
): string[] {
  const alive = new Set(containers.filter(({ state }) => !STOPPED.has(state)).map(({ id }) => id));
  return resources
    .filter((resource) => resource.type === CONTAINER_TYPE && !alive.has(resource.id ?? ''))
    .map(resourceName);
}

/** Docker's states of a container that will not start by itself. */
const STOPPED = new Set(['created', 'exited', 'dead']);

const CONTAINER_TYPE = 'docker:index/container:Container';

/** Removes containers by force. */
export async function removeContainers(containers: StackContainer[]): Promise<void> {
  if (containers.length > 0) await docker(['rm', '--force', ...containers.map((container) => container.id)]);
}

/**
 * Runs the Docker CLI, which uses the user's contexts, unlike a client of the socket.
 *
 * @throws UserError if Docker does not answer or the command fails.
 */
export async function docker(args: string[]): Promise<{ stdout: string; all: string }> {
  const result = await execa('docker', args, { reject: false, all: true, stdin: 'ignore' });
  if (result.exitCode === 0) return { stdout: result.stdout, all: result.all };
  if (result.exitCode === undefined || /Cannot connect to the Docker daemon/.test(result.stderr)) {
    throw new UserError('the Docker daemon does not answer', { command: './switchyard doctor' });
  }
  throw new UserError(`docker ${args[0]} failed`, { found: result.stderr.trim().split('\n').at(-1) ?? '' });
}
