/** Free and used ports of this host. */
import { createServer } from 'node:net';
import { execa } from 'execa';
import { dockerName } from '../infra/docker-names.ts';
import { docker } from './containers.ts';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { addressesCollide, nextPort } from '../domain/plan/next-port.ts';
import { fullName, stackFileName } from '../domain/schema/stack-file-names.ts';
import { knownStacks } from './stack-name.ts';
import { readRawConfig, stackSettings } from './stack-settings.ts';

/** The address that a stack listens on if its settings do not say. */
export const LOCAL_ADDRESS = '127.0.0.1';

/**
 * Refuses to deploy on a port that is in use by anything but the stack's own edge.
 *
 * @throws UserError naming the container or process.
 */
export async function requireFreePort(stack: string): Promise<void> {
  const { bind, port } = await stackSettings(stack);
  if (await isFree(bind, port)) return;
  const owner = await portOwner(bind, port);
  if (owner === dockerName(stack, 'edge')) return;
  throw new UserError(`port ${port} is in use by ${owner ?? 'another process'}`, {
    where: `${fullName('port')} in ${stackFileName(stack)}`,
    allowed: 'a free port: stop that process, or choose another port',
    command: `pulumi config set port ${await freePort(port + 1, bind)} --stack ${stack}`,
  });
}

/** The first port from `first` on that is free and not configured for a stack of this checkout. */
export async function freePort(first: number, address = LOCAL_ADDRESS): Promise<number> {
  const taken = new Set(stackAddresses().map(({ port }) => port));
  let port = first;
  while (port < 65535 && (taken.has(port) || !(await isFree(address, port)))) port += 1;
  return port;
}

/**
 * The port for one more stack of this checkout: see {@link nextPort}. It is free on this host, and no other stack has it on any address.
 *
 * @param address the address that the stack will listen on.
 */
export async function portForNewStack(address = LOCAL_ADDRESS, folder = ROOT): Promise<number> {
  const taken = stackAddresses(folder).map(({ port }) => port);
  for (;;) {
    const port = nextPort(taken);
    if (port > 65535 || (await isFree(address, port))) return port;
    taken.push(port);
  }
}

/** Where a stack of this checkout listens, according to its settings file. */
export interface StackAddress {
  stack: string;
  bind: string;
  port: number;
}

/** The addresses and ports in the stacks' settings files. A file that cannot be read is skipped: other commands report its errors. */
export function stackAddresses(folder = ROOT): StackAddress[] {
  return knownStacks(folder).flatMap((stack) => {
    try {
      const { port, bind = LOCAL_ADDRESS } = readRawConfig(stack, folder).config;
      return Number(port) > 0 ? [{ stack, bind, port: Number(port) }] : [];
    } catch {
      return [];
    }
  });
}

/** Whether nothing listens on the address. True where that cannot be known: the address may be that of another machine's Docker. */
export function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => done(code !== 'EADDRINUSE'));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

/**
 * The container or process that listens on an address and port, e.g. `switchyard-dev-edge` or `nginx (pid 4242)`; undefined if unknown.
 * One that has the same port of another address is not in the way.
 */
export async function portOwner(address: string, port: number): Promise<string | undefined> {
  const { stdout } = await docker([
    ...['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}\t{{.Ports}}'],
  ]);
  const container = publisherOf(stdout, address, port);
  if (container !== undefined) return container;
  const sockets = await execa('ss', ['-Hltnp', `sport = :${port}`], { reject: false });
  return listenerOf(sockets.stdout ?? '', address);
}

/**
 * The container that publishes a port on an address.
 *
 * @param listed lines of `docker ps`: name, tab, ports.
 */
export function publisherOf(listed: string, address: string, port: number): string | undefined {
  for (const line of listed.split('\n')) {
    const [name, ports = ''] = line.split('\t');
    for (const { groups } of ports.matchAll(/(?<ip>[^\s,]+):(?<from>\d+)(?:-(?<to>\d+))?->/g)) {
      const { ip = '', from, to = from } = groups ?? {};
      const within = Number(from) <= port && port <= Number(to);
      if (within && addressesCollide(ip.replace(/^\[|\]$/g, ''), address)) return name;
    }
  }
  return undefined;
}

/**
 * The process that listens on an address.
 *
 * @param sockets lines of `ss -Hltnp` for one port.
 */
export function listenerOf(sockets: string, address: string): string | undefined {
  for (const line of sockets.split('\n')) {
    const local = line.split(/\s+/)[3]?.replace(/:\d+$/, '') ?? '';
    const bare = local.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
    const match = /\(\("(?<name>[^"]+)",pid=(?<pid>\d+)/.exec(line);
    if (match && addressesCollide(bare, address)) return `${match.groups?.name} (pid ${match.groups?.pid})`;
  }
  return undefined;
}
