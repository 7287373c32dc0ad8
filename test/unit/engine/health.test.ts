import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { waitReady } from '../../../engine/health.ts';

/** An endpoint that answers every request with this status, while `work` runs. */
async function answering(status: number, work: (endpoint: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await work(`http://127.0.0.1:${port}`).finally(() => server.close());
}

test('a timeout is reported with the log lines of the containers', () =>
  answering(503, async (endpoint) => {
    const readLogs = () => Promise.resolve('the last log lines of the edge:\n    no such port');
    await expect(waitReady(endpoint, { seconds: 0, readLogs })).rejects.toMatchObject({
      message: 'no gateway was ready within 0 s',
      where: `${endpoint}/health/readiness`,
      found: 'the last log lines of the edge:\n    no such port',
    });
  }));

test('the logs of a ready gateway are not read', () =>
  answering(200, async (endpoint) => {
    const readLogs = () => Promise.reject(new Error('asked'));
    await expect(waitReady(endpoint, { readLogs })).resolves.toBeUndefined();
  }));
