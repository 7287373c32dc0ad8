/** Who holds a port of this host. */
import { createServer } from 'node:net';
import { execa } from 'execa';
import { dockerName } from '../infra/docker-names.ts';
import { docker } from './containers.ts';
import { UserError } from '../console/errors.ts';
import { stackSettings } from './stack-settings.ts';
import { fullName, stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * Refuses to deploy onto a port that somebody else holds.
 *
 * @throws UserError naming the holder.
 */
export async function refuseHeldPort(stack: string): Promise<void> {
  const { bind, port } = await stackSettings(stack);
  if (await isFree(bind, port)) return;
  const holder = await portHolder(port);
  if (holder === dockerName(stack, 'edge')) return;
  throw new UserError(`port ${port} is held by ${holder ?? 'another process'}`, {
    where: `${fullName('port')} in ${stackFileName(stack)}`,
    allowed: 'a free port: end its holder, or choose another port',
    command: `pulumi config set port ${port + 1} --stack ${stack}`,
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

/** The container or process that listens on a port, e.g. `switchyard-dev-edge` or `nginx (pid 4242)`; undefined where it cannot be told. */
export async function portHolder(port: number): Promise<string | undefined> {
  const { stdout } = await docker(['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}']);
  const container = stdout.split('\n')[0];
  if (container) return container;
  const sockets = await execa('ss', ['-Hltnp', `sport = :${port}`], { reject: false });
  const match = /\(\("(?<name>[^"]+)",pid=(?<pid>\d+)/.exec(sockets.stdout ?? '');
  return match ? `${match.groups?.name} (pid ${match.groups?.pid})` : undefined;
}
