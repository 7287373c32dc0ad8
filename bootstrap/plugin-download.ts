/** Brings a provider plugin from Pulumi's downloads. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { download, Unreachable } from './download.ts';
import { mirror, platformNames } from './platform.ts';
import { pinnedSha256, pluginArchive, type Plugin } from './pulumi-archives.ts';
import type { Reporter } from '../console/reporter.ts';

/**
 * Brings a plugin and has the engine `pulumi` unpack it.
 *
 * @param isInstalled whether it is there afterwards.
 * @throws NotPinned where no checksum of it is known: it is not even fetched then.
 * @throws Unreachable where Pulumi's downloads are out of reach.
 */
export async function bringPlugin(
  plugin: Plugin,
  pulumi: string,
  reporter: Reporter,
  isInstalled: () => boolean,
): Promise<void> {
  const { name, version } = plugin;
  const source = pluginArchive(plugin, platformNames());
  const sha256 = pinnedSha256(source);
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-plugin-'));
  try {
    // Fetched here, since the engine itself waits minutes for a source that never answers; unpacked by the engine.
    const archive = join(folder, source.file);
    await reporter.step(`bringing Pulumi's ${name} plugin ${version}`, async () => {
      await download(mirror('pulumi') + source.path, archive, { sha256, progress: reporter.progress });
      const args = ['plugin', 'install', 'resource', name, `v${version}`, '--reinstall', '--file', archive];
      const done = await execa(pulumi, args, { reject: false, env: { PULUMI_SKIP_UPDATE_CHECK: 'true' } });
      if (done.exitCode !== 0 || !isInstalled())
        throw new Unreachable(
          `${mirror('pulumi')}/`,
          `sent what is no plugin (${source.file}: ${done.stderr.trim()})`,
        );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
