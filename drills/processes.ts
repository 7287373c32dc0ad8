/** The processes of a container, as seen from this Linux host. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { UserError } from '../console/errors.ts';
import type { GatewayContainer } from './drill-stack.ts';

/**
 * The process id, on the host, of a gateway's LiteLLM process: the child of the container's first process that runs server.py.
 *
 * @throws UserError if this host does not show the containers' processes.
 */
export function litellmPid(gateway: Pick<GatewayContainer, 'name' | 'pid'>): number {
  if (!existsSync(`/proc/${gateway.pid}`)) {
    throw new UserError(
      'this host does not show the processes of its containers; the drill needs a host that does, and root privileges',
      {
        where: `/proc/${gateway.pid} (first process of ${gateway.name})`,
        allowed: 'Linux with Docker on the same machine',
      },
    );
  }
  const found = descendants(gateway.pid).find((pid) =>
    commandLine(pid).some((word) => word.endsWith('/server.py')),
  );
  if (found === undefined) throw new Error(`${gateway.name} has no process that runs server.py`);
  return found;
}

/** A process and all its descendants. */
export function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(descendants)];
}

function commandLine(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
}
