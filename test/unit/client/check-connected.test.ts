/** `connect --check` for opencode, with a gateway that accepts one key and serves some models. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { StackClient } from '../../../domain/read/outputs-reader.ts';
import { UserError } from '../../../console/errors.ts';
import { checkOpencode } from '../../../client/check-connected.ts';
import type { Problem } from '../../../client/connect-types.ts';
import { connect } from '../../../client/connect-files.ts';
import { shippedClient } from '../../harness/client-of.ts';

let dir: string;
let server: Server;
let dev: StackClient;
let served: string[];
let refused: boolean;

beforeAll(async () => {
  server = createServer((request, response) => {
    const ok =
      request.headers.authorization === 'Bearer value-dev' && request.url === '/v1/models' && !refused;
    response.statusCode = ok ? 200 : 401;
    response.end(JSON.stringify({ data: served.map((id) => ({ id })) }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dev = shippedClient({
    stack: 'dev',
    endpoint,
    keys: { GROQ_API_KEY: 'value-groq' },
    masterKey: 'value-dev',
  });
});
afterAll(() => void server.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-check-'));
  served = Object.keys(dev.config.provider.litellm!.models);
  refused = false;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const check = async (deployed: StackClient = dev, stack?: string): Promise<Problem[]> => {
  const before = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'));
  const { problems } = await checkOpencode({ dir }, stack, () => Promise.resolve(deployed));
  expect(readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'))).toEqual(before);
  return problems;
};
const command = (): string => `./switchyard connect dev --dir ${dir}`;

test.each([false, true])('files that were just written work (--gateway-only: %s)', async (gatewayOnly) => {
  await connect('dev', dev, { dir, gatewayOnly });
  expect(await check()).toEqual([]);
  expect(await check(dev, 'dev')).toEqual([]);
});

test('nothing of ours, or files of another stack', async () => {
  expect(await check()).toEqual([
    { what: `${dir}/opencode.json has nothing of Switchyard`, command: command() },
  ]);
  await connect('dev', dev, { dir });
  expect(await check(dev, 'prod')).toMatchObject([{ what: 'the files belong to stack dev, not to prod' }]);
});

test('a key or a model that has changed since, and a key that the gateway refuses', async () => {
  await connect('dev', dev, { dir });
  const rotated = { ...dev, auth: { ...dev.auth, litellm: { type: 'api' as const, key: 'value-next' } } };
  expect(await check(rotated)).toEqual([
    { what: `${dir}/auth.json is not current: a key has changed`, command: command() },
  ]);
  const file = readFileSync(join(dir, 'opencode.json'), 'utf8');
  writeFileSync(join(dir, 'opencode.json'), file.replaceAll('groq-mixtral', 'groq-other'));
  expect(await check()).toEqual([
    expect.objectContaining({ what: expect.stringContaining('opencode.json is not current') }),
    expect.objectContaining({ what: 'the gateway does not serve groq-other, which the files name' }),
  ]);
  writeFileSync(join(dir, 'opencode.json'), file);
  refused = true;
  expect(await check()).toMatchObject([
    { what: expect.stringContaining('refuses the key'), command: command() },
  ]);
});

test('a gateway that does not answer, and a stack that is not deployed', async () => {
  const gone = shippedClient({ stack: 'dev', endpoint: 'http://127.0.0.1:9', masterKey: 'value-dev' });
  await connect('dev', gone, { dir });
  const { problems } = await checkOpencode({ dir }, undefined, () =>
    Promise.reject(new UserError('stack dev is not deployed', { command: './switchyard up dev' })),
  );
  expect(problems).toEqual([
    { what: 'stack dev is not deployed', command: './switchyard up dev' },
    { what: 'nothing answers at http://127.0.0.1:9/v1', command: './switchyard status dev' },
  ]);
});
