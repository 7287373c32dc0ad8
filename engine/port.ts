/** Free and used ports of this host. */
import { createServer } from 'node:net';
import { execa } from 'execa';
import { dockerName } from '../infra/docker-names.ts';
import { docker } from './containers.ts';
import { UserError } from '../console/errors.ts';
import { nextPort } from '../domain/plan/next-port.ts';
import { fullName, stackFileName } from '../domain/schema/stack-file-names.ts';
import { knownStacks } from './stack-name.ts';
import { readRawConfig, stackSettings } from './stack-settings.ts';

/**
 * Refuses to deploy on a port that is in use by anything but the stack's own edge.
 *
 * @throws UserError naming the container or process.
 */
export async function requireFreePort(stack: string): Promise<void> {
  const { bind, port } = await stackSettings(stack);
  if (await isFree(bind, port)) return;
  const owner = await portOwner(port);
  if (owner === dockerName(stack, 'edge')) return;
  throw new UserError(`port ${port} is in use by ${owner ?? 'another process'}`, {
    where: `${fullName('port')} in ${stackFileName(stack)}`,
    allowed: 'a free port: stop that process, or choose another port',
    command: `pulumi config set port ${await freePort(port + 1, bind)} --stack ${stack}`,
  });
}

/** The first port from `first` on that is free and not configured for a stack of this checkout. */
export async function freePort(first: number, address = '127.0.0.1'): Promise<number> {
  const taken = new Set(takenPorts());
  let port = first;
  while (port < 65535 && (taken.has(port) || !(await isFree(address, port)))) port += 1;
  return port;
}

/** The port for one more stack of this checkout: see {@link nextPort}. */
export async function portForNewStack(): Promise<number> {
  const taken = takenPorts();
  for (;;) {
    const port = nextPort(taken);
    if (port > 65535 || (await isFree('127.0.0.1', port))) return port;
    taken.push(port);
  }
}

/** The ports in the stacks' settings files. A file that cannot be read is skipped: other commands report its errors. */
function takenPorts(): number[] {
  return knownStacks().flatMap((stack) => {
    try {
      return Number(readRawConfig(stack).config.port) || [];
    } catch {
      return [];
    }
  });
}

/** Whether nothing listens on the address. */
export function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

/** The container or process that listens on a port, e.g. `switchyard-dev-edge` or `nginx (pid 4242)`; undefined if unknown. */
export async function portOwner(port: number): Promise<string | undefined> {
  const { stdout } = await docker(['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}']);
  const container = stdout.split('\n')[0];
  if (container) return container;
  const sockets = await execa('ss', ['-Hltnp', `sport = :${port}`], { reject: false });
  const match = /\(\("(?<name>[^"]+)",pid=(?<pid>\d+)/.exec(sockets.stdout ?? '');
  return match ? `${match.groups?.name} (pid ${match.groups?.pid})` : undefined;
}
