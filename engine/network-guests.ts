/** Guests: containers in a stack's network that the stack did not create. While they are connected, Docker does not remove the network. */
import { dockerName } from '../infra/docker-names.ts';
import { UserError } from '../console/errors.ts';
import { docker, type StackContainer } from './containers.ts';

/**
 * Refuses to remove a stack while other containers are connected to its network. Must be called before anything is removed.
 *
 * @param own the containers with the stack's label.
 * @throws UserError naming the guests, with the command that disconnects them.
 */
export async function refuseGuests(stack: string, own: readonly StackContainer[]): Promise<void> {
  const network = dockerName(stack);
  const guests = guestsOf(await membersOf(network), own);
  if (guests.length === 0) return;
  throw new UserError(`the network of stack ${stack} has containers that do not belong to the stack`, {
    where: `Docker network ${network}`,
    found: guests.join(', '),
    allowed: "only the stack's own: Docker cannot remove a network that is in use. Nothing was removed",
    command: guests.map((guest) => `docker network disconnect ${network} ${guest}`).join(' && '),
  });
}

/** The names of a network's members that do not belong to the stack. */
export function guestsOf(
  members: Readonly<Record<string, string>>,
  own: readonly { id: string }[],
): string[] {
  const ours = new Set(own.map(({ id }) => id));
  return Object.entries(members)
    .flatMap(([id, name]) => (ours.has(id) ? [] : [name]))
    .sort();
}

/** Names by container id; empty if there is no such network. */
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
