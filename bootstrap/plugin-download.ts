/** Brings a provider plugin from Pulumi's downloads, held against the checksums that Pulumi publishes beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { download, fetchText, Unreachable } from './download.ts';
import { mirror, platformNames } from './platform.ts';

import type { Reporter } from '../console/reporter.ts';
import { hashFile } from './stamp.ts';

/**
 * The hash of `file` in a list as Pulumi's providers publish it: by `shasum ./*.tar.gz`, so SHA-1 with `./` before the name. SHA-256
 * is taken as well, should they come to it. It is there against cut off and damaged archives; it comes from where they come from.
 */
export function publishedHash(list: string, file: string): string | undefined {
  for (const line of list.split('\n')) {
    const [, hash, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) [ *](?:\.\/)?(\S+)$/i.exec(line.trim()) ?? [];
    if (name === file) return hash?.toLowerCase();
  }
  return undefined;
}

/** The published hash of a plugin's archive, if there is one. */
async function fetchHash({ name, version }: Plugin, releases: string, file: string) {
  try {
    return publishedHash(await fetchText(`${releases}/pulumi-${name}_${version}_checksums.txt`), file);
  } catch (error) {
    // The server is there and has no such list: 403 is how a bucket says so.
    if (error instanceof Unreachable && /answered 40[34]$/.test(error.message)) return undefined;
    throw error;
  }
}

async function fetchArchive(
  plugin: Plugin,
  archive: string,
  file: string,
  reporter: Reporter,
): Promise<void> {
  const releases = `${mirror('pulumi')}/releases/plugins`;
  const url = `${releases}/${file}`;
  const wanted = await fetchHash(plugin, releases, file);
  if (wanted === undefined) reporter.progress(`${new URL(url).host} publishes no checksum for ${file}`);
  for (let attempt = 1; ; attempt++) {
    await download(url, archive, { progress: reporter.progress });
    if (wanted === undefined) return;
    if ((await hashFile(archive, wanted.length === 40 ? 'sha1' : 'sha256')) === wanted) return;
    if (attempt === 2)
      throw new UserError('a download arrived corrupted twice', {
        where: url,
        found: 'content that does not match its published checksum',
        allowed: 'the published file; look for a proxy that alters downloads',
      });
    reporter.progress(`the download of ${url} is corrupted: fetching it once more`);
  }
}

/**
 * Brings a plugin and has the engine `pulumi` unpack it.
 *
 * @param isInstalled whether it is there afterwards.
 * @throws Unreachable where Pulumi's downloads are out of reach, or send something else.
 */
export async function bringPlugin(
  plugin: Plugin,
  pulumi: string,
  reporter: Reporter,
  isInstalled: () => boolean,
): Promise<void> {
  const { name, version } = plugin;
  const { os, goArch } = platformNames();
  const file = `pulumi-resource-${name}-v${version}-${os}-${goArch}.tar.gz`;
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-plugin-'));
  try {
    // Fetched here, since the engine itself waits minutes for a source that never answers; unpacked by the engine.
    const archive = join(folder, file);
    await reporter.step(`bringing Pulumi's ${name} plugin ${version}`, async () => {
      await fetchArchive(plugin, archive, file, reporter);
      const args = ['plugin', 'install', 'resource', name, `v${version}`, '--reinstall', '--file', archive];
      const done = await execa(pulumi, args, { reject: false, env: { PULUMI_SKIP_UPDATE_CHECK: 'true' } });
      if (done.exitCode !== 0 || !isInstalled())
        throw new Unreachable(
          `${mirror('pulumi')}/`,
          `sent what is no plugin (${file}: ${done.stderr.trim()})`,
        );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A plugin by its name and version. */
export interface Plugin {
  name: string;
  version: string;
}
