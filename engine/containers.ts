/** A stack's containers, as Docker sees them. */
import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { type StateResource, resourceName } from './stack-state.ts';

/** A container that bears our labels. */
export interface StackContainer {
  id: string;
  name: string;
  /** `gateway`, `edge` or `portkey`. */
  role: string;
  /** Which deployment made it: the stack's own random id. */
  instance: string;
  /** Docker's word: `running`, `restarting`, `exited`, … */
  state: string;
  /** Docker's sentence, e.g. `Up 3 minutes (healthy)`. */
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

/** A container's last lines, oldest first. */
export async function lastLogLines(container: string, count: number): Promise<string[]> {
  const { all } = await docker(['logs', '--tail', String(count), container]);
  return all.split('\n').filter((line) => line.trim() !== '');
}

/** A container's last lines under a heading, as an error shows them. */
async function lastWords({ id, name }: StackContainer): Promise<string> {
  const lines = await lastLogLines(id, 15);
  return [`the last lines of ${name}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** The last words of a gateway that is not healthy; undefined if all are. */
export async function brokenGateway(containers: StackContainer[]): Promise<string | undefined> {
  const gateways = containers.filter((container) => container.role === 'gateway');
  const broken = gateways.find((container) => !container.status.includes('(healthy)'));
  return broken === undefined ? undefined : lastWords(broken);
}

/** What the containers in the way of a request say: a gateway that is not healthy, else the edge. */
export async function wordsInTheWay(stack: string): Promise<string | undefined> {
  const containers = await stackContainers(stack);
  const gateway = await brokenGateway(containers);
  const edge = containers.find((container) => container.role === 'edge');
  return gateway ?? (edge && lastWords(edge));
}

/** Docker's directory for images and containers; undefined where it is not one of this machine. */
export async function dockerFolder(): Promise<string | undefined> {
  const folder = (await docker(['info', '--format', '{{.DockerRootDir}}'])).stdout.trim();
  return folder !== '' && existsSync(folder) ? folder : undefined;
}

/**
 * Containers that bear this stack's label and that its state does not know.
 *
 * @returns `ours`: left by an interrupted run of this very deployment; `foreign`: made by another one of the same name (with another
 *   backend, say), which may well be in use.
 */
export function unknownContainers(
  containers: StackContainer[],
  resources: StateResource[],
): { ours: StackContainer[]; foreign: StackContainer[] } {
  const known = new Set(resources.filter((r) => r.type === CONTAINER_TYPE).map((r) => r.id));
  const instance = resources.find((r) => resourceName(r) === 'instance')?.outputs?.hex;
  const unknown = containers.filter((container) => !known.has(container.id));
  return {
    ours: unknown.filter((container) => container.instance === instance),
    foreign: unknown.filter((container) => container.instance !== instance),
  };
}

/**
 * The names of resources whose container has gone from Docker or stands still, by somebody's hand: Pulumi, which compares with its own
 * state, takes them for present.
 */
export function lostContainers(
  containers: readonly StackContainer[],
  resources: readonly StateResource[],
): string[] {
  const alive = new Set(containers.filter(({ state }) => !STOPPED.has(state)).map(({ id }) => id));
  return resources
    .filter((resource) => resource.type === CONTAINER_TYPE && !alive.has(resource.id ?? ''))
    .map(resourceName);
}

/** Docker's words for a container that will not start by itself. */
const STOPPED = new Set(['created', 'exited', 'dead']);

const CONTAINER_TYPE = 'docker:index/container:Container';

/** Removes containers by force. */
export async function removeContainers(containers: StackContainer[]): Promise<void> {
  if (containers.length > 0) await docker(['rm', '--force', ...containers.map((container) => container.id)]);
}

/**
 * Runs the Docker CLI, which knows the user's contexts, unlike a client of its socket.
 *
 * @throws UserError if there is no Docker or it says no.
 */
export async function docker(args: string[]): Promise<{ stdout: string; all: string }> {
  const result = await execa('docker', args, { reject: false, all: true, stdin: 'ignore' });
  if (result.exitCode === 0) return { stdout: result.stdout, all: result.all };
  if (result.exitCode === undefined || /Cannot connect to the Docker daemon/.test(result.stderr)) {
    throw new UserError('no Docker daemon answers', { command: './switchyard doctor' });
  }
  throw new UserError(`docker ${args[0]} failed`, { found: result.stderr.trim().split('\n').at(-1) ?? '' });
}
