/** Which response real HTTP clients get for a body that is too large. They fail to read one while the gateway still has to read their body. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execa } from 'execa';
import { IMAGE_MS, imageOf } from '../../../test/harness/images.ts';

const KEY = `sk-${'k'.repeat(40)}`;
const MIB = 1024 * 1024;
/** The limit of body_server.py, a body above it, and one above three times the limit: more than the gateway reads before it responds. */
const LIMIT = 4 * MIB;
const TOO_LARGE = 7 * MIB;
const FAR_TOO_LARGE = 13 * MIB;
const TIMES = 20;

const name = `switchyard-test-bodies-${createHash('sha256').update(String(process.pid)).digest('hex').slice(0, 8)}`;
let endpoint: string;

beforeAll(async () => {
  const image = await imageOf('gateway');
  const volumes = { '/hooks': join(import.meta.dirname, '../image/programs'), '/tests': import.meta.dirname };
  const mounts = Object.entries(volumes).flatMap(([inside, outside]) => [
    '--volume',
    `${outside}:${inside}:ro`,
  ]);
  const options = ['--detach', '--rm', '--name', name, '--publish', '127.0.0.1::4000'];
  const environment = ['--env', 'PYTHONPATH=/hooks', '--workdir', '/tests'];
  await execa('docker', [
    'run',
    ...options,
    ...environment,
    ...mounts,
    '--entrypoint',
    'python3',
    image,
    'body_server.py',
  ]);
  const { stdout } = await execa('docker', ['port', name, '4000']);
  endpoint = `http://${stdout.split('\n')[0]!}`;
  while (
    !(await fetch(`${endpoint}/health/readiness`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await sleep(200);
}, IMAGE_MS);

afterAll(() => execa('docker', ['rm', '--force', '--volumes', name], { reject: false }));

test("Python's clients can read the 413, and bodies up to the limit are taken", async () => {
  const { stdout } = await execa('docker', [
    'exec',
    name,
    'python3',
    'large_bodies.py',
    KEY,
    String(TOO_LARGE),
    String(FAR_TOO_LARGE),
    String(LIMIT),
  ]);
  const found = JSON.parse(stdout) as Record<string, Record<string, number>>;
  expect(Object.keys(found)).toHaveLength(12);
  for (const [what, outcomes] of Object.entries(found)) {
    const expected = what.endsWith(` ${LIMIT}`) ? '200' : '413 request_too_large';
    expect({ what, outcomes }).toEqual({ what, outcomes: { [expected]: TIMES } });
  }
}, 300_000);

test.each(['with a length', 'in chunks'])(
  "Node's fetch can read the 413 for a body %s",
  async (how) => {
    const body = new Uint8Array(TOO_LARGE).fill(97);
    for (let time = 0; time < TIMES; time += 1) {
      const init =
        how === 'in chunks' ? { body: new Blob([body]).stream(), duplex: 'half' as const } : { body };
      const response = await fetch(`${endpoint}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}` },
        ...init,
      });
      expect(response.status).toBe(413);
      expect(response.headers.get('connection')).toBe('close');
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({
        message: 'The request is larger than 4 MiB.',
        type: 'invalid_request_error',
        code: 'request_too_large',
      });
    }
  },
  120_000,
);

test('a compressed body is unpacked, and an unsupported compression is a 415', async () => {
  const body = Buffer.from(JSON.stringify({ model: 'm', system: 'hello '.repeat(100_000) }));
  const post = async (encoding: string, content: Buffer): Promise<[number, unknown]> => {
    const headers = { 'x-api-key': KEY, 'content-encoding': encoding };
    const response = await fetch(`${endpoint}/v1/messages`, {
      method: 'POST',
      headers,
      body: new Uint8Array(content),
    });
    return [response.status, await response.json()];
  };
  expect(await post('gzip', gzipSync(body))).toEqual([200, { length: body.length }]);
  expect(await post('zstd', zstdCompressSync(body))).toEqual([200, { length: body.length }]);
  expect(await post('gzip', gzipSync(Buffer.alloc(500 * MIB)))).toMatchObject([413, { type: 'error' }]);
  expect(await post('br', body)).toMatchObject([
    415,
    {
      error: {
        message:
          'The content encoding "br" is not supported. Supported: gzip and zstd, one at a time, or none.',
      },
    },
  ]);
}, 120_000);

test('without a valid key the connection is closed with a 401 before the body is read', async () => {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  socket.write(
    'POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: wrong\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  expect(Buffer.concat(parts).toString()).toMatch(/^HTTP\/1.1 401 .*connection: close/is);
}, 60_000);
