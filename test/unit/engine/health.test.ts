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

test('a wait in vain ends with what the containers say', () =>
  answering(503, async (endpoint) => {
    const lastWords = () => Promise.resolve('the last lines of the edge:\n    no such port');
    await expect(waitReady(endpoint, { seconds: 0, lastWords })).rejects.toMatchObject({
      message: 'no gateway was ready within 0 s',
      where: `${endpoint}/health/readiness`,
      found: 'the last lines of the edge:\n    no such port',
    });
  }));

test('a ready gateway is not asked for last words', () =>
  answering(200, async (endpoint) => {
    const lastWords = () => Promise.reject(new Error('asked'));
    await expect(waitReady(endpoint, { lastWords })).resolves.toBeUndefined();
  }));
