/** Ports of throwaway stacks: free, never returned twice, and from separate ranges for each worker. */
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { freePort, portsOf } from '../../../sandbox/free-port.ts';

describe('a free port', () => {
  test("is in this worker's range, and returned only once", async () => {
    const { first, count } = portsOf(process.env.JEST_WORKER_ID);
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(first);
    for (const port of ports) expect(port).toBeLessThan(first + count);
    expect(new Set(ports).size).toBe(ports.length);
  });

  test('is not a port on which something listens', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    try {
      const more = await Promise.all(Array.from({ length: 200 }, freePort));
      expect(more).not.toContain(port);
    } finally {
      server.close();
    }
  });
});

test('the ranges of workers, and that of commands outside of tests, do not overlap', () => {
  const ranges = [undefined, '1', '2', '3', '4', '5', '6', '7'].map((worker) => portsOf(worker));
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  sorted.slice(1).forEach(({ first }, index) => {
    expect(first).toBeGreaterThanOrEqual(sorted[index]!.first + sorted[index]!.count);
  });
  // Below the kernel's range of ephemeral ports.
  expect(sorted.at(-1)!.first + sorted.at(-1)!.count).toBeLessThan(32_768);
});
