import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { SEED, SOAK } from '../../harness/soak.ts';
import { hostileRequest } from './hostile-requests.ts';
import { type LayersStack, MINUTE, question } from './layers-stack.ts';

/** How many requests, and how many of them before memory is measured for the first time: the first large bodies make every process grow. */
const COUNT = SOAK ? 10_000 : 600;
const WARM_UP = SOAK ? 1000 : 200;
const CLIENTS = 8;
/** For requests that the server may rightly wait for. */
const PATIENCE_MS = 150;
/**
 * The statuses of docs/failures.md and docs/edge.md, and those of a request that is passed on to the provider. 500 is not one of them.
 * 401 also with a key: a header line that continues the one before it can change the key. `closed`: without a response, which is right for
 * input that is not HTTP, or if the client does not send the rest.
 */
const WITH_KEY = new Set('200 204 400 401 404 405 408 413 415 422 429 501 503 closed'.split(' '));
const WITHOUT_KEY = new Set('200 400 401 408 413 422 501 503 closed'.split(' '));
const MODEL = 'groq-mixtral';

/** Tests that hostile requests get documented responses and harm nobody else. */
export function hostile(stack: LayersStack): void {
  describe('hostile requests', () => {
    test(
      'get documented responses, end no process, and do not prevent others from being answered',
      async () => {
        await stack.resetFaults();
        await run(stack, 0, WARM_UP);
        const before = await processes(stack);
        const found = await run(stack, WARM_UP, COUNT);
        expect(found.undocumented).toEqual([]);
        // An ordinary request was answered all the time.
        expect(found.ordinary.length).toBeGreaterThan(2);
        expect(new Set(found.ordinary)).toEqual(new Set([200]));
        expect(Object.keys(found.statuses)).toEqual(
          expect.arrayContaining(['200', '400', '401', '404', '415']),
        );
        const after = await processes(stack);
        expect(after.map(({ restarts }) => restarts)).toEqual(before.map(({ restarts }) => restarts));
        for (const [index, { rss }] of after.entries())
          expect(rss).toBeLessThan(before[index]!.rss * 1.2 + 8192);
      },
      (SOAK ? 60 : 6) * MINUTE,
    );
  });
}

interface Found {
  undocumented: string[];
  statuses: Record<string, number>;
  ordinary: number[];
}

/** Sends the requests from one number up to another, and ordinary requests at the same time. */
async function run(stack: LayersStack, from: number, to: number): Promise<Found> {
  const found: Found = { undocumented: [], statuses: {}, ordinary: [] };
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) {
      const number = next++;
      const { bytes, keyed, incomplete } = hostileRequest(SEED, number, stack.key, MODEL);
      const status = await send(stack.endpoint, bytes, incomplete ? PATIENCE_MS : MINUTE);
      found.statuses[status] = (found.statuses[status] ?? 0) + 1;
      const documented = keyed ? WITH_KEY : WITHOUT_KEY;
      if (!documented.has(status) && !(incomplete && status === 'waiting'))
        found.undocumented.push(
          `${number}: ${status}: ${bytes.subarray(0, 300).toString('latin1').replaceAll(stack.key, '***')}`,
        );
    }
  };
  const ordinary = async (): Promise<void> => {
    while (next < to) {
      const response = await stack.chat(MODEL, { messages: question('ordinary') });
      await response.text();
      found.ordinary.push(response.status);
    }
  };
  await Promise.all([...Array.from({ length: CLIENTS }, client), ordinary()]);
  return found;
}

/** Sends bytes, and returns the status of the first response; `closed` without one, `waiting` if the server still waits after this time. */
function send(endpoint: string, bytes: Buffer, ms: number): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const finish = (status: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => finish('waiting'), ms);
    socket.on('error', () => finish('closed'));
    socket.on('end', () => finish('closed'));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      // HAProxy answers in HTTP/1.0 format to a request without a version.
      const status = /^(?:HTTP\/1\.1 1\d\d[^]*?\r\n\r\n)*HTTP\/1\.[01] ([2-5]\d\d)/.exec(text)?.[1];
      if (status !== undefined) finish(status);
    });
    socket.write(bytes);
  });
}

/** When each gateway and edge was started, how many times it was restarted, and the memory of its largest process, in KiB. */
async function processes(stack: LayersStack): Promise<{ restarts: string; rss: number }[]> {
  const ids = [...(await stack.containers('gateway')), ...(await stack.containers('edge'))];
  expect(ids.length).toBeGreaterThan(1);
  return Promise.all(
    ids.map(async (id) => {
      const format = '{{.Id}} {{.State.StartedAt}} {{.RestartCount}} {{.State.OOMKilled}}';
      const { stdout: restarts } = await execa('docker', ['inspect', '--format', format, id]);
      const { stdout: top } = await execa('docker', ['top', id, '-eo', 'pid,rss']);
      const sizes = top
        .split('\n')
        .slice(1)
        .map((line) => Number(line.trim().split(/\s+/)[1]));
      return { restarts, rss: Math.max(...sizes) };
    }),
  );
}
