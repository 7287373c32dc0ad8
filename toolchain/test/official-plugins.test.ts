/** Pulumi's official plugins: checked when they come, and held against their stamps from then on. */
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

/** As if the user's own `pulumi` had installed it: no stamp of ours. */
function forgetStamp(): void {
  const tools = join(mirror.home, 'tools');
  const stamps = readdirSync(tools).filter((name) => name.startsWith('plugin-docker-'));
  expect(stamps).toHaveLength(1);
  for (const name of stamps) rmSync(join(tools, name));
}

/** That it was brought again, as it is published. */
async function expectBroughtAgain(): Promise<void> {
  await ensurePulumi(reporter);
  expect(mirror.asked).toEqual([archiveOf(docker)]);
  expect(content()).toContain('# as published');
  expect(await findPulumi(true)).toMatchObject({ source: 'official' });
}

test('our stamps lie in our folder', () => {
  for (const plugin of [docker, random])
    expect(readdirSync(mirror.pluginFolder(plugin))).toEqual([`pulumi-resource-${plugin.name}`]);
});

test('one whose installation was broken off is brought again', async () => {
  rmSync(mirror.pluginFolder(docker), { recursive: true });
  writeFileSync(`${mirror.pluginFolder(docker)}.partial`, '');
  await expectBroughtAgain();
}, 60_000);

test('one that was truncated is noticed, and brought again', async () => {
  truncateSync(binary, 10);
  const detail =
    'engine, language host or plugins are not whole: pulumi-resource-docker has 10 bytes instead of';
  expect(await checkPulumi()).toMatchObject({ ok: false, detail: expect.stringContaining(detail) as string });
  await expectBroughtAgain();
}, 60_000);

test('one that was altered, size and time put back, is found by the doctor, and then brought again', async () => {
  // A time that utimes can put back exactly.
  utimesSync(binary, 1e9, 1e9);
  forgetStamp();
  await ensurePulumi(reporter);
  writeFileSync(binary, 'x'.repeat(statSync(binary).size));
  utimesSync(binary, 1e9, 1e9);
  expect(await lookForPulumi()).toMatchObject({ setup: { source: 'official' } });
  expect((await checkPulumi()).detail).toMatch(/not whole: pulumi-resource-docker was altered$/);
  await expectBroughtAgain();
}, 60_000);

test("one that the user's own pulumi installed is taken as it is, and stamped", async () => {
  forgetStamp();
  writeFileSync(binary, "#!/bin/sh\n# the user's\n", { mode: 0o755 });
  await ensurePulumi(reporter);
  expect(mirror.asked).toEqual([]);
  expect(content()).toContain("# the user's");
  expect(await findPulumi(true)).toMatchObject({ source: 'official' });
  truncateSync(binary, 5);
  expect(await lookForPulumi()).toEqual({ lack: 'pulumi-resource-docker has 5 bytes instead of 23' });
}, 60_000);

test('one whose checksum is not pinned is not even asked for, whatever the server says of it', async () => {
  const name = archiveOf(random).slice(archiveOf(random).lastIndexOf('/') + 1);
  const pinned = PINNED[name]!;
  delete PINNED[name];
  rmSync(mirror.pluginFolder(random), { recursive: true });
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    found: `${name} is not downloaded: no checksum of it is pinned in bootstrap/pulumi-checksums.json (npm run pin-pulumi; or, at your own word: pulumi plugin install resource random v${random.version})`,
    command: 'npm run pin-pulumi',
  });
  expect(mirror.asked).not.toContain(archiveOf(random));
  PINNED[name] = pinned;
  await ensurePulumi(reporter);
  expect(existsSync(mirror.binaryOf(random))).toBe(true);
}, 60_000);

test('one that is not the pinned one is refused after a second try', async () => {
  mirror.files.set(archiveOf(docker), mirror.files.get(archiveOf(random))!);
  rmSync(mirror.pluginFolder(docker), { recursive: true });
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({
    message: 'a download arrived corrupted twice',
    found: 'content with another SHA-256 than the one that is expected',
  });
  expect(mirror.asked).toEqual([archiveOf(docker), archiveOf(docker)]);
  expect(existsSync(mirror.pluginFolder(docker))).toBe(false);
}, 60_000);

test('an archive without the plugin in it is no plugin', async () => {
  // The other one's, pinned by mistake.
  mirror.pin();
  await expect(ensurePulumi(reporter)).rejects.toMatchObject({ command: 'unset SWITCHYARD_PULUMI' });
  expect(mirror.told.join('\n')).toContain('sent what is no plugin (pulumi-resource-docker-');
}, 60_000);
