/** The official provider plugins, in the folder where the official engine looks for them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadPlugin } from './plugin-download.ts';
import type { Plugin } from './pulumi-archives.ts';
import { accountHome, inHome, installedVersion } from '../console/home-paths.ts';
import type { Reporter } from '../console/reporter.ts';
import { findDamage, writeManifest } from './checksum-manifest.ts';

/** The providers that the stacks use. A plugin must have the version of its SDK. */
const PROVIDERS = ['docker', 'random'] as const;

/** Name and version of each plugin that the installed SDKs need. */
export function requiredPlugins(): Plugin[] {
  return PROVIDERS.map((name) => ({ name, version: installedVersion(`@pulumi/${name}`) }));
}

/** Where the engine keeps a plugin: below PULUMI_HOME, else the account's ~/.pulumi. */
function folderOf({ name, version }: Plugin): string {
  const base = process.env.PULUMI_HOME || join(accountHome(), '.pulumi');
  return join(base, 'plugins', `resource-${name}-v${version}`);
}

const binaryOf = ({ name }: Plugin) => `pulumi-resource-${name}`;

/** The plugin's checksum manifest: in our home, since the plugin folder belongs to the user and Pulumi. One for each such folder. */
function manifestOf(plugin: Plugin): string {
  const where = createHash('sha256').update(folderOf(plugin)).digest('hex').slice(0, 8);
  return inHome('tools', `plugin-${plugin.name}-${plugin.version}-${where}.json`);
}

/** Whether the plugin is installed; the content is not checked. */
export function isInstalled(plugin: Plugin): boolean {
  const folder = folderOf(plugin);
  // The engine's own marker of an installation in progress, or of one that was interrupted.
  return existsSync(join(folder, binaryOf(plugin))) && !existsSync(`${folder}.partial`);
}

async function problemOf(plugin: Plugin, deep: boolean): Promise<string | undefined> {
  if (!isInstalled(plugin)) return `${binaryOf(plugin)} ${plugin.version} is missing`;
  if (!existsSync(manifestOf(plugin)))
    return `${binaryOf(plugin)} ${plugin.version} has not been checked yet`;
  return findDamage(folderOf(plugin), deep, manifestOf(plugin));
}

/** The plugins that are missing or differ from their checksum manifest, with the problem. `deep` computes every hash. */
export async function missingPlugins(deep = false): Promise<(Plugin & { problem: string })[]> {
  const checks = requiredPlugins().map(async (plugin) => ({
    ...plugin,
    problem: await problemOf(plugin, deep),
  }));
  return (await Promise.all(checks)).flatMap(({ problem, ...plugin }) =>
    problem ? [{ ...plugin, problem }] : [],
  );
}

/**
 * Makes sure that every plugin is installed: keeps those that the user's own `pulumi` installed, downloads the others with the engine
 * `pulumi`, and writes a checksum manifest of each. The engine's own marker shows whether the user's are complete ({@link isInstalled}).
 *
 * @throws NotPinned if no checksum of a missing plugin is known.
 * @throws Unreachable if Pulumi's downloads cannot be reached.
 */
export async function installPlugins(pulumi: string, reporter: Reporter): Promise<void> {
  for (const plugin of await missingPlugins()) {
    const manifest = manifestOf(plugin);
    if (!isInstalled(plugin) || existsSync(manifest)) {
      // Removed first: if the download is interrupted, an old manifest would describe other files.
      await rm(manifest, { force: true });
      await downloadPlugin(plugin, pulumi, reporter, () => isInstalled(plugin));
    }
    await mkdir(dirname(manifest), { recursive: true });
    await writeManifest(folderOf(plugin), [binaryOf(plugin)], manifest);
  }
}
