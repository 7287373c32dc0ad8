/** Ports for throwaway stacks, and for what stands beside them. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that the kernel gives to connections, on Linux and elsewhere: nobody's connection takes one in between. */
const FIRST = 12_000;
/** How many a worker of the tests has for itself. */
const PER_WORKER = 2500;
const WORKERS = 8;

const given = new Set<number>();

/**
 * A port of the loopback address that nothing listened on a moment ago. Never the same one twice; and since it is used only later,
 * workers of jest, which run at the same time, draw from ranges of their own.
 */
export async function freePort(): Promise<number> {
  const { first, count } = portsOf(process.env.JEST_WORKER_ID);
  for (;;) {
    const port = first + randomInt(count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
    if (given.size >= count) throw new Error(`none of the ports ${first} to ${first + count - 1} is free`);
  }
}

/**
 * The range of a worker.
 *
 * @param worker jest's number of it, from 1; undefined outside of tests.
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
