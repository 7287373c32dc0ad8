/** A stack's containers, as Docker sees them. */
import { execa } from 'execa';
import { UserError } from './errors.ts';
import { type StateResource, resourceName } from './stack.ts';

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
