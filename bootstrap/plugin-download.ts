/** Downloads and installs a provider plugin. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { download, Unreachable } from './download.ts';
import { mirror, platformNames } from './platform.ts';
import { pinnedSha256, pluginArchive, type Plugin } from './pulumi-archives.ts';
import type { Reporter } from '../console/reporter.ts';

/**
 * Downloads a plugin from Pulumi's downloads; the engine `pulumi` unpacks it.
 *
 * @param isInstalled checks whether it is installed afterwards.
 * @throws NotPinned if no checksum of it is known: it is not downloaded then.
 * @throws Unreachable if Pulumi's downloads cannot be reached.
 */
export async function downloadPlugin(
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
    // Downloaded here, since the engine waits minutes for a source that never answers; unpacked by the engine.
    const archive = join(folder, source.file);
    await reporter.step(`downloading Pulumi's ${name} plugin ${version}`, async () => {
      await download(mirror('pulumi') + source.path, archive, { sha256, progress: reporter.progress });
      const args = ['plugin', 'install', 'resource', name, `v${version}`, '--reinstall', '--file', archive];
      const done = await execa(pulumi, args, { reject: false, env: { PULUMI_SKIP_UPDATE_CHECK: 'true' } });
      if (done.exitCode !== 0 || !isInstalled())
        throw new Unreachable(
          `${mirror('pulumi')}/`,
          `sent a file that is not a plugin (${source.file}: ${done.stderr.trim()})`,
        );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
