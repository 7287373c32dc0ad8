/**
 * `npm run pin-pulumi`: writes the SHA-256 of Pulumi's archives, in the versions of package-lock.json, to
 * bootstrap/pulumi-checksums.json. Run it on a machine that can reach get.pulumi.com, review the diff, commit it.
 *
 *     npm run pin-pulumi                     all platforms: downloads about 1 GB, and keeps none of it
 *     npm run pin-pulumi -- linux-x64        one platform; the others' lines stay if their versions are still used
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { describeError, toUserError, UserError } from '../console/errors.ts';
import { downloadUnchecked, fetchText, Unreachable } from '../bootstrap/download.ts';
import { installedVersion, ROOT } from '../console/home-paths.ts';
import { requiredPlugins } from '../bootstrap/plugins.ts';
import { type Archive, engineArchive, OFFICIAL_DOWNLOADS, type Platform, pluginArchive } from '../bootstrap/pulumi-archives.ts'; // prettier-ignore
import { hashFile } from '../bootstrap/checksum-manifest.ts';

const TABLE = join(ROOT, 'bootstrap', 'pulumi-checksums.json');

/** The platforms for which Pulumi has releases and on which Switchyard runs. */
const PLATFORMS: Readonly<Record<string, Platform>> = {
  'linux-x64': { os: 'linux', arch: 'x64', goArch: 'amd64' },
  'linux-arm64': { os: 'linux', arch: 'arm64', goArch: 'arm64' },
  'darwin-x64': { os: 'darwin', arch: 'x64', goArch: 'amd64' },
  'darwin-arm64': { os: 'darwin', arch: 'arm64', goArch: 'arm64' },
};

/** An archive, and the path of the hash list that Pulumi publishes for it. */
interface Release extends Archive {
  list: string;
}

function releasesFor(platform: Platform): Release[] {
  const engine = installedVersion('@pulumi/pulumi');
  return [
    { ...engineArchive(engine, platform), list: `/releases/sdk/pulumi-${engine}-checksums.txt` },
    ...requiredPlugins().map((plugin) => ({
      ...pluginArchive(plugin, platform),
      list: `/releases/plugins/pulumi-${plugin.name}_${plugin.version}_checksums.txt`,
    })),
  ];
}

/**
 * The hash of `file` in a published list. Lists for the engine have SHA-256; those for plugins are made with `shasum ./*.tar.gz`, so they
 * have SHA-1 and a `./` before the name.
 *
 * @returns undefined if the list does not contain the file.
 */
export function publishedHash(list: string, file: string): string | undefined {
  for (const line of list.split('\n')) {
    const [, hash, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) [ *](?:\.\/)?(\S+)$/i.exec(line.trim()) ?? [];
    if (name === file) return hash?.toLowerCase();
  }
  return undefined;
}

async function fetchPublished({ list, file }: Release, source: string): Promise<string | undefined> {
  try {
    return publishedHash(await fetchText(source + list), file);
  } catch (error) {
    // The server answers but has no such list; a bucket reports that with 403.
    if (error instanceof Unreachable && /answered 40[34]$/.test(error.message)) return undefined;
    throw error;
  }
}

async function sha256Of(
  release: Release,
  source: string,
  folder: string,
  progress: (line: string) => void,
): Promise<string> {
  const archive = join(folder, release.file);
  await downloadUnchecked(source + release.path, archive);
  const published = await fetchPublished(release, source);
  if (published === undefined) progress(`${release.file}: Pulumi publishes no hash to compare with`);
  else if ((await hashFile(archive, published.length === 40 ? 'sha1' : 'sha256')) !== published)
    throw new UserError("a download's hash differs from the one that Pulumi publishes", {
      where: source + release.path,
      allowed: published,
    });
  const sha256 = await hashFile(archive, 'sha256');
  await rm(archive);
  return sha256;
}

/**
 * Writes the table of checksums.
 *
 * @param source the address of the releases: Pulumi's own, never a mirror, because checksums from a mirror would only confirm the mirror.
 * @param names the platforms to download.
 * @throws UserError if a platform is unknown, or a download differs from what Pulumi publishes.
 */
export async function pinPulumi(
  source: string,
  names: readonly string[],
  progress: (line: string) => void,
  table = TABLE,
): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(PLATFORMS, name));
  if (unknown !== undefined)
    throw new UserError('unknown platform', { found: unknown, allowed: Object.keys(PLATFORMS) });
  const before = JSON.parse(await readFile(table, 'utf8')) as Record<string, string>;
  const pinned: Record<string, string> = {};
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-pin-'));
  try {
    for (const [name, platform] of Object.entries(PLATFORMS)) {
      for (const release of releasesFor(platform)) {
        const { file } = release;
        if (names.includes(name)) {
          pinned[file] = await sha256Of(release, source, folder, progress);
          progress(`${file}: ${pinned[file]}`);
        } else if (before[file] !== undefined) pinned[file] = before[file];
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await writeFileAtomic(table, `${JSON.stringify(pinned, null, 2)}\n`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const names = process.argv.slice(2);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  pinPulumi(OFFICIAL_DOWNLOADS, names.length > 0 ? names : Object.keys(PLATFORMS), progress).catch(
    (error: unknown) => {
      const known = toUserError(error);
      progress(
        known ? describeError(known) : error instanceof Error ? `error: ${error.message}` : String(error),
      );
      process.exitCode = 1;
    },
  );
}
