/** Pulumi's official plugins: checked when they are downloaded, and compared with their checksum manifests from then on. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { checkPulumi } from '../../cli/doctor/doctor-tools.ts';
import { ensurePulumi, findPulumi, lookForPulumi } from '../../bootstrap/pulumi-install.ts';
import { PINNED } from '../../bootstrap/pulumi-archives.ts';
import { archiveOf, docker, PulumiMirror, random } from './pulumi-mirror.ts';

const mirror = new PulumiMirror();
const { reporter } = mirror;
const binary = mirror.binaryOf(docker);
const content = () => readFileSync(binary, 'utf8');

beforeAll(async () => {
  await mirror.start();
  await ensurePulumi(reporter);
}, 900_000);
beforeEach(() => mirror.forget());
afterAll(() => mirror.stop());

/** As if the user's own `pulumi` had installed it: without our manifest. */
function removeManifest(): void {
  const tools = join(mirror.home, 'tools');
  const manifests = readdirSync(tools).filter((name) => name.startsWith('plugin-docker-'));
  expect(manifests).toHaveLength(1);
  for (const name of manifests) rmSync(join(tools, name));
}

/** Expects that it is downloaded again, as published. */
async function expectDownloadedAgain(): Promise<void> {
  await ensurePulumi(reporter);
  expect(mirror.asked).toEqual([archiveOf(docker)]);
  expect(content()).toContain('# as published');
  expect(await findPulumi(true)).toMatchObject({ source: 'official' });
}

test('our manifests are in our own folder', () => {
  for (const plugin of [docker, random])
    expect(readdirSync(mirror.pluginFolder(plugin))).toEqual([`pulumi-resource-${plugin.name}`]);
});

test('a plugin whose installation was interrupted is downloaded again', async () => {
  rmSync(mirror.pluginFolder(docker), { recursive: true });
  writeFileSync(`${mirror.pluginFolder(docker)}.partial`, '');
  await expectDownloadedAgain();
}, 60_000);

test('a truncated plugin is detected and downloaded again', async () => {
  truncateSync(binary, 10);
  const detail =
    'engine, language host or plugins are damaged or incomplete: pulumi-resource-docker has 10 bytes instead of';
  expect(await checkPulumi()).toMatchObject({ ok: false, detail: expect.stringContaining(detail) as string });
  await expectDownloadedAgain();
}, 60_000);

test('an altered plugin with its old size and time is found by the doctor and then downloaded again', async () => {
  // A time that utimes can restore exactly.
  utimesSync(binary, 1e9, 1e9);
  removeManifest();
  await ensurePulumi(reporter);
  writeFileSync(binary, 'x'.repeat(statSync(binary).size));
  utimesSync(binary, 1e9, 1e9);
  expect(await lookForPulumi()).toMatchObject({ setup: { source: 'official' } });
  expect((await checkPulumi()).detail).toMatch(/incomplete: pulumi-resource-docker was altered$/);
  await expectDownloadedAgain();
}, 60_000);

test("a plugin that the user's own pulumi installed is kept and gets a manifest", async () => {
  removeManifest();
  writeFileSync(binary, "#!/bin/sh\n# the user's\n", { mode: 0o755 });
  await ensurePulumi(reporter);
  expect(mirror.asked).toEqual([]);
  expect(content()).toContain("# the user's");
  expect(await findPulumi(true)).toMatchObject({ source: 'official' });
  truncateSync(binary, 5);
  expect(await lookForPulumi()).toEqual({ problem: 'pulumi-resource-docker has 5 bytes instead of 23' });
}, 60_000);

test('a plugin without a pinned checksum is not requested, even if the list of the server has it', async () => {
  const name = archiveOf(random).slice(archiveOf(random).lastIndexOf('/') + 1);
  const pinned = PINNED[name]!;
  delete PINNED[name];
  rmSync(mirror.pluginFolder(random), { recursive: true });
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    found: `${name} is not downloaded: its checksum is not pinned in bootstrap/pulumi-checksums.json (npm run pin-pulumi; or, without a checksum: pulumi plugin install resource random v${random.version})`,
    command: 'npm run pin-pulumi',
  });
  expect(mirror.asked).not.toContain(archiveOf(random));
  PINNED[name] = pinned;
  await ensurePulumi(reporter);
  expect(existsSync(mirror.binaryOf(random))).toBe(true);
}, 60_000);

test('a plugin with another checksum than the pinned one is refused after a second attempt', async () => {
  mirror.files.set(archiveOf(docker), mirror.files.get(archiveOf(random))!);
  rmSync(mirror.pluginFolder(docker), { recursive: true });
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    message: 'a download was corrupted twice',
    found: 'content with another SHA-256 than expected',
  });
  expect(mirror.asked).toEqual([archiveOf(docker), archiveOf(docker)]);
  expect(existsSync(mirror.pluginFolder(docker))).toBe(false);
}, 60_000);

test('an archive without the plugin is refused', async () => {
  // The other one's, pinned by mistake.
  mirror.pin();
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({ command: 'unset SWITCHYARD_PULUMI' });
  expect(mirror.told.join('\n')).toContain('sent a file that is not a plugin (pulumi-resource-docker-');
}, 60_000);
