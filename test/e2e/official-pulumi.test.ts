/**
 * Pulumi from its own downloads, where a local server stands for get.pulumi.com: it hands out the engine that toolchain/ built, in
 * the form of Pulumi's release, and the real engine unpacks the plugins.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { installedVersion } from '../../cli/setup/paths.ts';
import { platformNames } from '../../cli/setup/platform.ts';
import { wantedPlugins } from '../../cli/setup/plugins.ts';
import { ensurePulumi, findPulumi } from '../../cli/setup/pulumi.ts';
import { ensureToolchain } from '../../toolchain/build.ts';

const NAMES = ['SWITCHYARD_HOME', 'SWITCHYARD_PULUMI', 'SWITCHYARD_PULUMI_MIRROR', 'PULUMI_HOME'];
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
const work = mkdtempSync(join(tmpdir(), 'switchyard-official-'));
const version = installedVersion('@pulumi/pulumi');
const { os, arch, goArch } = platformNames();
const release = `pulumi-v${version}-${os}-${arch}.tar.gz`;
const engineFolder = join(work, 'home', 'tools', `pulumi-official-${version}`, 'pulumi');
const files = new Map<string, Buffer>();
let silent = false;
let asked: string[] = [];
let told: string[] = [];
let server: Server;

const reporter = {
  progress: (line: string) => void told.push(line),
  step: <T>(label: string, run: () => Promise<T>) => {
    told.push(label);
    return run();
  },
};

/** A tar.gz of `folder`'s content. */
async function pack(folder: string): Promise<Buffer> {
  const file = join(work, 'packed');
  await execa('tar', ['-c', '-I', 'gzip -1', '-f', file, '-C', folder, ...readdirSync(folder)]);
  return readFileSync(file);
}

beforeAll(async () => {
  const { path } = await ensureToolchain({
    home: process.env.SWITCHYARD_HOME ?? join(homedir(), '.switchyard'),
  });
  const sdk = join(work, 'sdk');
  mkdirSync(join(sdk, 'pulumi'), { recursive: true });
  copyFileSync(join(path[0]!, 'pulumi'), join(sdk, 'pulumi', 'pulumi'));
  writeFileSync(join(sdk, 'pulumi', 'pulumi-language-nodejs'), '#!/bin/sh\n', { mode: 0o755 });
  const body = await pack(sdk);
  files.set(`/releases/sdk/${release}`, body);
  const sum = createHash('sha256').update(body).digest('hex');
  files.set(`/releases/sdk/pulumi-${version}-checksums.txt`, Buffer.from(`${sum}  ${release}\n`));
  for (const { name, version: plugin } of wantedPlugins()) {
    const folder = join(work, `plugin-${name}`);
    mkdirSync(folder);
    writeFileSync(join(folder, `pulumi-resource-${name}`), '#!/bin/sh\n', { mode: 0o755 });
    files.set(
      `/releases/plugins/pulumi-resource-${name}-v${plugin}-${os}-${goArch}.tar.gz`,
      await pack(folder),
    );
  }
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const file = files.get(request.url ?? '');
    if (silent) return;
    if (file) response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  process.env.SWITCHYARD_HOME = join(work, 'home');
  process.env.PULUMI_HOME = join(work, 'pulumi-home');
  process.env.SWITCHYARD_PULUMI = 'official';
  process.env.SWITCHYARD_PULUMI_MIRROR = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 900_000);

beforeEach(() => {
  asked = [];
  told = [];
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
  rmSync(work, { recursive: true });
});

test('a source that never sends a byte is given up after ten seconds, and leaves nothing behind', async () => {
  silent = true;
  const begun = Date.now();
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    name: 'UserError',
    command: 'unset SWITCHYARD_PULUMI',
  });
  silent = false;
  expect(Date.now() - begun).toBeGreaterThan(9000);
  expect(told.join('\n')).toMatch(/127\.0\.0\.1:\d+ sent nothing for 10 s: trying the next source/);
  expect(readdirSync(join(work, 'home'))).toEqual(['locks']);
}, 60_000);

test('engine, language host and plugins are brought and checked', async () => {
  const setup = await ensurePulumi(reporter);
  expect(setup).toEqual({ source: 'official', path: [engineFolder] });
  expect((await execa(join(engineFolder, 'pulumi'), ['version'])).stdout).toMatch(/^v?\d+\.\d+\.\d+/);
  for (const { name, version: plugin } of wantedPlugins())
    expect(
      existsSync(join(work, `pulumi-home/plugins/resource-${name}-v${plugin}/pulumi-resource-${name}`)),
    ).toBe(true);
}, 120_000);

test('a second run asks nobody', async () => {
  expect(await ensurePulumi(reporter)).toEqual({ source: 'official', path: [engineFolder] });
  expect(asked).toEqual([]);
  expect(told).toEqual([]);
});

test('a truncated engine is noticed and brought again, the plugins stay', async () => {
  truncateSync(join(engineFolder, 'pulumi'), 1000);
  expect(await findPulumi()).toBeUndefined();
  await ensurePulumi(reporter);
  expect(asked).toEqual([`/releases/sdk/pulumi-${version}-checksums.txt`, `/releases/sdk/${release}`]);
  expect(await findPulumi(true)).toEqual({ source: 'official', path: [engineFolder] });
}, 120_000);

test('a plugin whose installation was broken off is brought again', async () => {
  const { name, version: plugin } = wantedPlugins()[0]!;
  const folder = join(work, `pulumi-home/plugins/resource-${name}-v${plugin}`);
  rmSync(folder, { recursive: true });
  writeFileSync(`${folder}.partial`, '');
  await ensurePulumi(reporter);
  expect(asked).toEqual([`/releases/plugins/pulumi-resource-${name}-v${plugin}-${os}-${goArch}.tar.gz`]);
  expect(existsSync(join(folder, `pulumi-resource-${name}`))).toBe(true);
}, 60_000);

test('an engine that is not the published one is refused after a second try', async () => {
  rmSync(join(work, 'home', 'tools'), { recursive: true });
  const body = Buffer.from(files.get(`/releases/sdk/${release}`)!);
  body[body.length - 1]! ^= 1;
  files.set(`/releases/sdk/${release}`, body);
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    message: 'a download arrived corrupted twice',
  });
  expect(asked.filter((path) => path.endsWith(release))).toHaveLength(2);
  expect(existsSync(join(work, 'home', 'tools', `pulumi-official-${version}`))).toBe(false);
}, 60_000);
