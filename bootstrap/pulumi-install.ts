/**
 * Pulumi's engine, language host and plugins: the user's own if they are new enough, otherwise the official ones, otherwise those of
 * toolchain/. The choice is saved, so that later runs need no network.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import coerce from 'semver/functions/coerce.js';
import gte from 'semver/functions/gte.js';
import { UserError } from '../console/errors.ts';
import { requireSpace } from './disk.ts';
import { download, Unreachable } from './download.ts';
import { withLock } from './lock.ts';
import { home, inHome, installedVersion } from '../console/home-paths.ts';
import { mirror, platformNames } from './platform.ts';
import { installPlugins, missingPlugins } from './plugins.ts';
import { engineArchive, NotPinned, PIN_COMMAND, pinnedSha256 } from './pulumi-archives.ts';
import {
  languageHostOf,
  ownEngine,
  type PulumiSource,
  readResolved,
  writeResolved,
} from './resolved-toolchain.ts';
import type { Reporter } from '../console/reporter.ts';
import { findDamage, writeManifest } from './checksum-manifest.ts';
import { hasToolchain, toolchain } from './toolchain.ts';

/** The oldest engine of the user's own that is used. */
const OLDEST_ENGINE = '3.200.0';

/** The toolchain in use, and the folders to put in front of PATH. */
export interface PulumiSetup {
  source: PulumiSource;
  path: string[];
}

/** Whether the output of `pulumi version` is new enough. A pre-release counts as its release; no version counts as too old. */
export function isNewEnough(output: string): boolean {
  const version = coerce(output);
  return version !== null && gte(version, OLDEST_ENGINE);
}

const officialFolder = (version: string) => inHome('tools', `pulumi-official-${version}`);

/** The toolchain that is set up, or in a few words why there is none. */
export type Found = { setup: PulumiSetup; problem?: never } | { setup?: never; problem: string };

/**
 * Looks for a toolchain that is set up; installs nothing. Quick unless `deep`, which computes every hash.
 */
export async function lookForPulumi(deep = false): Promise<Found> {
  const resolved = readResolved();
  if (!resolved) return { problem: 'not set up yet, or set up for other versions' };
  const { source, engine } = resolved;
  if (source === 'fallback') {
    if (!hasToolchain()) return { problem: 'toolchain/, which built it, is missing' };
    const { ensureToolchain, verify } = await toolchain();
    const findings = await verify({ home: home(), deep });
    if (findings.length > 0) return { problem: findings.join(', ') };
    return { setup: { source, ...(await ensureToolchain({ home: home() })) } };
  }
  const [plugin] = await missingPlugins(deep);
  if (plugin) return { problem: plugin.problem };
  if (source === 'system')
    return engine
      ? { setup: { source, path: [dirname(engine.file)] } }
      : { problem: 'the engine is unknown' };
  const folder = officialFolder(installedVersion('@pulumi/pulumi'));
  const damage = await findDamage(folder, deep);
  return damage === undefined ? { setup: { source, path: [join(folder, 'pulumi')] } } : { problem: damage };
}

/** The toolchain that is set up; undefined if it is missing or incomplete. */
export async function findPulumi(deep = false): Promise<PulumiSetup | undefined> {
  return (await lookForPulumi(deep)).setup;
}

async function useSystem(reporter: Reporter): Promise<PulumiSetup | undefined> {
  const engine = ownEngine();
  if (!engine) return undefined;
  const { stdout = '' } = await execa(engine, ['version'], { reject: false, timeout: 20_000 });
  const version = coerce(stdout);
  if (!isNewEnough(stdout) || !languageHostOf(engine)) {
    reporter.progress(
      `not using ${engine}: ${version?.version ?? 'unknown version'}, expected ${OLDEST_ENGINE} or newer, with pulumi-language-nodejs`,
    );
    return undefined;
  }
  await installPlugins(engine, reporter);
  return { source: 'system', path: [dirname(engine)] };
}

/** Downloads Pulumi's own release into `folder` and checks it against its pinned checksum. The folder is created complete or not at all. */
async function downloadOfficial(version: string, folder: string, reporter: Reporter): Promise<void> {
  const source = engineArchive(version, platformNames());
  const sha256 = pinnedSha256(source);
  const url = mirror('pulumi') + source.path;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await reporter.step(`downloading Pulumi ${version} from ${new URL(url).host}`, async () => {
      await mkdir(partial, { recursive: true });
      const archive = join(partial, source.file);
      await download(url, archive, { sha256, progress: reporter.progress });
      await execa('tar', ['-xzf', archive, '-C', partial]);
      await rm(archive);
    });
    await writeManifest(partial, ['pulumi/pulumi', 'pulumi/pulumi-language-nodejs']);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function useOfficial(reporter: Reporter): Promise<PulumiSetup> {
  const version = installedVersion('@pulumi/pulumi');
  const folder = officialFolder(version);
  const bin = join(folder, 'pulumi');
  const damage = await findDamage(folder);
  if (damage !== undefined) {
    await rm(folder, { recursive: true, force: true });
    await downloadOfficial(version, folder, reporter);
  }
  await installPlugins(join(bin, 'pulumi'), reporter);
  return { source: 'official', path: [bin] };
}

async function useFallback(reporter: Reporter): Promise<PulumiSetup> {
  const { ensureToolchain } = await toolchain();
  try {
    const { path } = await ensureToolchain({ home: home(), onProgress: reporter.progress });
    return { source: 'fallback', path };
  } catch (error) {
    // toolchain/ does not use this project's error types: its errors are readable messages, but not UserErrors.
    throw new UserError(error instanceof Error ? error.message : String(error), {
      where: 'toolchain/',
      cause: error,
    });
  }
}

async function resolveToolchain(reporter: Reporter): Promise<PulumiSetup> {
  const forced = process.env.SWITCHYARD_PULUMI as PulumiSource | undefined;
  if (forced && !['system', 'official', 'fallback'].includes(forced))
    throw new UserError('unknown Pulumi source', {
      where: 'environment variable SWITCHYARD_PULUMI',
      found: forced,
      allowed: ['system', 'official', 'fallback', 'or unset for the first of them that works'],
    });
  const attempts: [PulumiSource, (reporter: Reporter) => Promise<PulumiSetup | undefined>][] = [
    ['system', useSystem],
    ['official', useOfficial],
  ];
  for (const [source, attempt] of attempts) {
    if (forced && forced !== source) continue;
    let failure: Error | undefined;
    try {
      const setup = await attempt(reporter);
      if (setup) return setup;
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof NotPinned)) throw error;
      reporter.progress(`${error.message}: trying the next source`);
      failure = error;
    }
    if (forced)
      throw new UserError(`SWITCHYARD_PULUMI=${source} is set, but that source does not work here`, {
        ...(failure ? { found: failure.message } : {}),
        command: failure instanceof NotPinned ? PIN_COMMAND : 'unset SWITCHYARD_PULUMI',
      });
  }
  return useFallback(reporter);
}

/** Makes sure that engine, language host and plugins are installed, and returns where. */
export async function ensurePulumi(reporter: Reporter): Promise<PulumiSetup> {
  const earlier = await findPulumi();
  if (earlier) return earlier;
  return withLock('pulumi', reporter.progress, async () => {
    const meanwhile = await findPulumi();
    if (meanwhile) return meanwhile;
    await requireSpace(home(), "Pulumi's engine and plugins");
    const isFallback = readResolved()?.source === 'fallback';
    const setup = isFallback ? await useFallback(reporter) : await resolveToolchain(reporter);
    await writeResolved(setup.source, setup.source === 'system' ? join(setup.path[0]!, 'pulumi') : undefined);
    return setup;
  });
}
