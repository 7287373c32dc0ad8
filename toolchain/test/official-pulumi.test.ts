/** Pulumi from its own downloads, and the fallbacks: a local server replaces get.pulumi.com (toolchain/test/pulumi-mirror.ts). */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { ensurePulumi, findPulumi } from '../../bootstrap/pulumi-install.ts';
import { PINNED } from '../../bootstrap/pulumi-archives.ts';
import { docker, ENGINE, PulumiMirror, random } from './pulumi-mirror.ts';

const mirror = new PulumiMirror();
const { reporter, engineFolder } = mirror;

beforeAll(() => mirror.start(), 900_000);
beforeEach(() => mirror.forget());
afterAll(() => mirror.stop());

test('a source that never sends a byte times out after ten seconds and leaves nothing behind', async () => {
  mirror.silent = true;
  const begun = Date.now();
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    name: 'UserError',
    command: 'unset SWITCHYARD_PULUMI',
  });
  mirror.silent = false;
  expect(Date.now() - begun).toBeGreaterThan(9000);
  expect(mirror.told.join('\n')).toMatch(/127\.0\.0\.1:\d+ sent nothing for 10 s: trying the next source/);
  expect(readdirSync(join(mirror.home, 'tools'))).toEqual([]);
  expect(readdirSync(join(mirror.home, 'locks'))).toEqual([]);
}, 60_000);

test('engine, language host and plugins are downloaded and checked', async () => {
  const setup = await ensurePulumi(reporter);
  expect(setup).toEqual({ source: 'official', path: [engineFolder] });
  expect((await execa(join(engineFolder, 'pulumi'), ['version'])).stdout).toMatch(/^v?\d+\.\d+\.\d+/);
  for (const plugin of [docker, random]) expect(existsSync(mirror.binaryOf(plugin))).toBe(true);
}, 120_000);

test('a second run makes no request', async () => {
  expect(await ensurePulumi(reporter)).toEqual({ source: 'official', path: [engineFolder] });
  expect(mirror.asked).toEqual([]);
  expect(mirror.told).toEqual([]);
});

test('a truncated engine is detected and downloaded again, the plugins stay', async () => {
  truncateSync(join(engineFolder, 'pulumi'), 1000);
  expect(await findPulumi()).toBeUndefined();
  await ensurePulumi(reporter);
  expect(mirror.asked).toEqual([ENGINE]);
  expect(await findPulumi(true)).toEqual({ source: 'official', path: [engineFolder] });
}, 120_000);

test("the user's own pulumi is used once it is there; one that is too old is rejected once", async () => {
  const { PATH } = process.env;
  delete process.env.SWITCHYARD_PULUMI;
  const own = join(mirror.work, 'own');
  mkdirSync(own);
  process.env.PATH = [own, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);

  writeFileSync(join(own, 'pulumi'), '#!/bin/sh\necho v3.100.0\n', { mode: 0o755 });
  writeFileSync(join(own, 'pulumi-language-nodejs'), '#!/bin/sh\n', { mode: 0o755 });
  expect(await findPulumi()).toBeUndefined();
  expect(await ensurePulumi(reporter)).toMatchObject({ source: 'official' });
  expect(mirror.told.join('\n')).toContain(
    `not using ${join(own, 'pulumi')}: 3.100.0, expected 3.200.0 or newer`,
  );
  mirror.forget();
  expect(await ensurePulumi(reporter)).toMatchObject({ source: 'official' });
  expect(mirror.told).toEqual([]);

  rmSync(join(own, 'pulumi'));
  symlinkSync(join(engineFolder, 'pulumi'), join(own, 'pulumi'));
  expect(await ensurePulumi(reporter)).toEqual({ source: 'system', path: [own] });
  expect(mirror.asked).toEqual([]);
  rmSync(own, { recursive: true });
  process.env.SWITCHYARD_PULUMI = 'official';
  process.env.PATH = PATH;
}, 60_000);

test('an engine with another checksum than the pinned one is refused after a second attempt', async () => {
  rmSync(join(mirror.home, 'tools'), { recursive: true });
  const body = Buffer.from(mirror.files.get(ENGINE)!);
  body[body.length - 1]! ^= 1;
  mirror.files.set(ENGINE, body);
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    message: 'a download was corrupted twice',
  });
  expect(mirror.asked.filter((path) => path === ENGINE)).toHaveLength(2);
  expect(existsSync(mirror.engineRoot)).toBe(false);
}, 60_000);

test('an engine without a pinned checksum is not requested, and the error names the command that pins it', async () => {
  delete PINNED[ENGINE.slice(ENGINE.lastIndexOf('/') + 1)];
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    message: 'SWITCHYARD_PULUMI=official is set, but that source does not work here',
    found: expect.stringMatching(/^pulumi-v\S+ is not downloaded: its checksum is not pinned/) as string,
    command: 'npm run pin-pulumi',
  });
  expect(mirror.asked).toEqual([]);
  expect(existsSync(mirror.engineRoot)).toBe(false);
});
