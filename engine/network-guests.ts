/** Containers in a stack's network that the stack did not make: as long as they are there, Docker does not remove the network. */
import { dockerName } from '../infra/docker-names.ts';
import { UserError } from '../console/errors.ts';
import { docker, type StackContainer } from './containers.ts';

/**
 * Ends with a sentence if other containers than the stack's own are in its network, before anything is removed.
 *
 * @param own the containers with the stack's label.
 * @throws UserError naming them, with the command that takes them out.
 */
export async function refuseGuests(stack: string, own: readonly StackContainer[]): Promise<void> {
  const network = dockerName(stack);
  const guests = guestsOf(await membersOf(network), own);
  if (guests.length === 0) return;
  throw new UserError(`the network of stack ${stack} has containers in it that are not the stack's`, {
    where: `Docker network ${network}`,
    found: guests.join(', '),
    allowed: "only the stack's own: Docker does not remove a network that is in use. Nothing was removed",
    command: guests.map((guest) => `docker network disconnect ${network} ${guest}`).join(' && '),
  });
}

/** The names of those in a network that are none of the stack's. */
export function guestsOf(
  members: Readonly<Record<string, string>>,
  own: readonly { id: string }[],
): string[] {
  const ours = new Set(own.map(({ id }) => id));
  return Object.entries(members)
    .flatMap(([id, name]) => (ours.has(id) ? [] : [name]))
    .sort();
}

/** Names by container id; empty where there is no such network. */
async function membersOf(network: string): Promise<Record<string, string>> {
  const { stdout: listed } = await docker([
    'network',
    'ls',
    '--filter',
    `name=^${network}$`,
    '--format',
    '{{.ID}}',
  ]);
  if (listed.trim() === '') return {};
  const { stdout } = await docker(['network', 'inspect', '--format', '{{json .Containers}}', network]);
  const containers = (JSON.parse(stdout) ?? {}) as Record<string, { Name: string }>;
  return Object.fromEntries(Object.entries(containers).map(([id, { Name }]) => [id, Name]));
}
