/** Ports for throwaway stacks and the servers beside them. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the kernel's range of ephemeral ports, on Linux and elsewhere, so that no outgoing connection takes one of these ports. */
const FIRST = 12_000;
/** The size of each test worker's own range. */
const PER_WORKER = 2500;
const WORKERS = 8;

const returned = new Set<number>();

/**
 * A loopback port on which nothing listens at the moment. It never returns a port twice. Because ports are used only later, concurrent jest
 * workers have separate ranges.
 *
 * @throws Error if no port of the range is free.
 */
export async function freePort(): Promise<number> {
  const { first, count } = portsOf(process.env.JEST_WORKER_ID);
  for (;;) {
    const port = first + randomInt(count);
    if (returned.has(port)) continue;
    returned.add(port);
    if (await isFree(port)) return port;
    if (returned.size >= count) throw new Error(`none of the ports ${first} to ${first + count - 1} is free`);
  }
}

/**
 * The range of a worker.
 *
 * @param worker jest's worker id, from 1; undefined outside of tests.
 */
export function portsOf(worker = '0'): { first: number; count: number } {
  return { first: FIRST + (Number(worker) % WORKERS) * PER_WORKER, count: PER_WORKER };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => done(true)));
  });
}
