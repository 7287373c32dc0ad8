/** The official provider plugins, where the official engine looks for them. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { download, Unreachable } from './download.ts';
import { installedVersion } from './paths.ts';
import { mirror, platformNames } from './platform.ts';
import type { Reporter } from './reporter.ts';

/** The providers that the stacks use. A plugin must have its SDK's version. */
const PROVIDERS = ['docker', 'random'] as const;

/** Name and version of each plugin that the installed SDKs ask for. */
export function wantedPlugins(): { name: string; version: string }[] {
  return PROVIDERS.map((name) => ({ name, version: installedVersion(`@pulumi/${name}`) }));
}

/** Where the engine keeps plugins: PULUMI_HOME, else ~/.pulumi. */
function pluginFolder(name: string, version: string): string {
  const base = process.env.PULUMI_HOME || join(homedir(), '.pulumi');
  return join(base, 'plugins', `resource-${name}-v${version}`);
}

/** The plugins that are not installed, or whose installation was broken off. */
export function missingPlugins(): { name: string; version: string }[] {
  return wantedPlugins().filter(({ name, version }) => {
    const folder = pluginFolder(name, version);
    return !existsSync(join(folder, `pulumi-resource-${name}`)) || existsSync(`${folder}.partial`);
  });
}

/** Installs what is missing with the engine `pulumi`, from Pulumi's own downloads. Throws {@link Unreachable}. */
export async function installPlugins(pulumi: string, reporter: Reporter): Promise<void> {
  const { os, goArch } = platformNames();
  for (const { name, version } of missingPlugins()) {
    const file = `pulumi-resource-${name}-v${version}-${os}-${goArch}.tar.gz`;
    const url = `${mirror('pulumi')}/releases/plugins/${file}`;
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-plugin-'));
    try {
      // Fetched here, since the engine itself waits minutes for a source that never answers; unpacked by the engine.
      const archive = join(folder, file);
      await reporter.step(`bringing Pulumi's ${name} plugin ${version}`, async () => {
        await download(url, archive, { progress: reporter.progress });
        const done = await execa(
          pulumi,
          ['plugin', 'install', 'resource', name, `v${version}`, '--reinstall', '--file', archive],
          {
            reject: false,
            env: { PULUMI_SKIP_UPDATE_CHECK: 'true' },
          },
        );
        if (done.exitCode !== 0) throw new Unreachable(url, `sent what is no plugin (${done.stderr.trim()})`);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
