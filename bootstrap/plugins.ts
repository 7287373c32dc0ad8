/** The official provider plugins, where the official engine looks for them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { bringPlugin } from './plugin-download.ts';
import type { Plugin } from './pulumi-archives.ts';
import { inHome, installedVersion } from '../console/home-paths.ts';
import type { Reporter } from '../console/reporter.ts';
import { findDamage, writeStamp } from './stamp.ts';

/** The providers that the stacks use. A plugin must have its SDK's version. */
const PROVIDERS = ['docker', 'random'] as const;

/** Name and version of each plugin that the installed SDKs ask for. */
export function wantedPlugins(): Plugin[] {
  return PROVIDERS.map((name) => ({ name, version: installedVersion(`@pulumi/${name}`) }));
}

/** Where the engine keeps a plugin: below PULUMI_HOME, else ~/.pulumi. */
function folderOf({ name, version }: Plugin): string {
  const base = process.env.PULUMI_HOME || join(homedir(), '.pulumi');
  return join(base, 'plugins', `resource-${name}-v${version}`);
}

const binaryOf = ({ name }: Plugin) => `pulumi-resource-${name}`;

/** The plugin's stamp. The folder is the user's and Pulumi's, so it lies in ours; one for each such folder. */
function stampOf(plugin: Plugin): string {
  const where = createHash('sha256').update(folderOf(plugin)).digest('hex').slice(0, 8);
  return inHome('tools', `plugin-${plugin.name}-${plugin.version}-${where}.json`);
}

/** Whether an installation is there, complete or not. */
export function isInstalled(plugin: Plugin): boolean {
  const folder = folderOf(plugin);
  // The engine's own mark of an installation that goes on, or was broken off.
  return existsSync(join(folder, binaryOf(plugin))) && !existsSync(`${folder}.partial`);
}

async function lackOf(plugin: Plugin, deep: boolean): Promise<string | undefined> {
  if (!isInstalled(plugin)) return `${binaryOf(plugin)} ${plugin.version} is missing`;
  if (!existsSync(stampOf(plugin))) return `${binaryOf(plugin)} ${plugin.version} was not looked at yet`;
  return findDamage(folderOf(plugin), deep, stampOf(plugin));
}

/** The plugins that are not there, or not as they were when they were stamped, with what is wrong. `deep` computes every hash. */
export async function missingPlugins(deep = false): Promise<(Plugin & { lack: string })[]> {
  const looks = wantedPlugins().map(async (plugin) => ({ ...plugin, lack: await lackOf(plugin, deep) }));
  return (await Promise.all(looks)).flatMap(({ lack, ...plugin }) => (lack ? [{ ...plugin, lack }] : []));
}

/**
 * Makes sure that every plugin is there: takes what the user's own `pulumi` installed, brings the rest from Pulumi's downloads with the
 * engine `pulumi`, and stamps both. That the user's is whole the engine's own mark tells ({@link isInstalled}).
 *
 * @throws NotPinned where no checksum of a missing plugin is known.
 * @throws Unreachable where Pulumi's downloads are out of reach.
 */
export async function installPlugins(pulumi: string, reporter: Reporter): Promise<void> {
  for (const plugin of await missingPlugins()) {
    const stamp = stampOf(plugin);
    if (!isInstalled(plugin) || existsSync(stamp)) {
      // What is brought is stamped anew; were this broken off, an old stamp would speak of something else.
      await rm(stamp, { force: true });
      await bringPlugin(plugin, pulumi, reporter, () => isInstalled(plugin));
    }
    await mkdir(dirname(stamp), { recursive: true });
    await writeStamp(folderOf(plugin), [binaryOf(plugin)], stamp);
  }
}
