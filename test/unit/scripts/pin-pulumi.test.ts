/** Pinning Pulumi's archives, with a local server instead of get.pulumi.com. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedVersion } from '../../../console/home-paths.ts';
import { pinPulumi, publishedHash } from '../../../scripts/pin-pulumi.ts';

const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
const [engine, docker, random] = ['pulumi', 'docker', 'random'].map((name) => installedVersion(`@pulumi/${name}`)); // prettier-ignore
const NAMES = [
  `pulumi-v${engine}-linux-x64.tar.gz`,
  `pulumi-resource-docker-v${docker}-linux-amd64.tar.gz`,
  `pulumi-resource-random-v${random}-linux-amd64.tar.gz`,
] as const;
const lists = new Map<string, string>();
// Each archive's content is its name.
const server = createServer((request, response) => {
  const name = (request.url ?? '').split('/').pop()!;
  const body = lists.get(name) ?? (name.endsWith('.tar.gz') ? name : undefined);
  if (body === undefined) response.writeHead(403).end();
  else response.end(body);
});
const work = mkdtempSync(join(tmpdir(), 'switchyard-pin-test-'));
const table = join(work, 'checksums.json');
const logged: string[] = [];
let source: string;
const pin = (...platforms: string[]) => pinPulumi(source, platforms, (line) => logged.push(line), table);
const written = () => JSON.parse(readFileSync(table, 'utf8')) as Record<string, string>;

beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  source = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  logged.length = 0;
  lists.clear();
  lists.set(`pulumi-${engine}-checksums.txt`, `${hash('sha256', NAMES[0])}  ${NAMES[0]}\n`);
  lists.set(`pulumi-docker_${docker}_checksums.txt`, `${hash('sha1', NAMES[1])}  ./${NAMES[1]}\n`);
  writeFileSync(table, '{}');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(work, { recursive: true });
});

test('the SHA-256 of each archive is written, and archives without a published hash are logged', async () => {
  await pin('linux-x64');
  expect(written()).toEqual(Object.fromEntries(NAMES.map((name) => [name, hash('sha256', name)])));
  expect(logged).toContain(`${NAMES[2]}: Pulumi publishes no hash to compare with`);
});

test("other platforms' lines stay, those of other versions are removed", async () => {
  const arm = NAMES[0].replace('x64', 'arm64');
  writeFileSync(table, JSON.stringify({ [arm]: 'kept', 'pulumi-v3.0.0-linux-x64.tar.gz': 'old' }));
  await pin('linux-x64');
  expect(written()).toMatchObject({ [arm]: 'kept' });
  expect(Object.keys(written())).toHaveLength(4);
});

test('an archive whose hash differs from the published one is not pinned', async () => {
  lists.set(`pulumi-docker_${docker}_checksums.txt`, `${'0'.repeat(40)}  ./${NAMES[1]}\n`);
  await expect(pin('linux-x64')).rejects.toMatchObject({ name: 'UserError', allowed: '0'.repeat(40) });
  expect(written()).toEqual({});
});

test('an unknown platform is a UserError', async () => {
  await expect(pin('plan9-x64')).rejects.toMatchObject({ message: 'unknown platform', found: 'plan9-x64' });
});

test('published lists are parsed in both formats that Pulumi uses', () => {
  const list = `${'a'.repeat(64)}  one.tar.gz\n${'B'.repeat(40)} *./two.tar.gz\nnonsense\nxyz  three\n`;
  expect(publishedHash(list, 'one.tar.gz')).toBe('a'.repeat(64));
  expect(publishedHash(list, 'two.tar.gz')).toBe('b'.repeat(40));
  expect(publishedHash(list, 'three')).toBeUndefined();
});
