/**
 * Pulumi's engine, language host and plugins: the user's own where they are new enough, else the official ones, else those of
 * toolchain/. The decision is written down, so that a second run asks no network.
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
  readDecision,
  writeDecision,
} from './pulumi-decision.ts';
import type { Reporter } from '../console/reporter.ts';
import { findDamage, writeStamp } from './stamp.ts';
import { hasToolchain, toolchain } from './toolchain.ts';

/** The oldest engine of the user's own that is taken. */
const OLDEST_ENGINE = '3.200.0';

/** What was decided: the folders to put in front of PATH. */
export interface PulumiSetup {
  source: PulumiSource;
  path: string[];
}

/** Whether what `pulumi version` says is an engine that is taken. A pre-release counts as the release; what is no version is too old. */
export function isNewEnough(said: string): boolean {
  const version = coerce(said);
  return version !== null && gte(version, OLDEST_ENGINE);
}

const officialFolder = (version: string) => inHome('tools', `pulumi-official-${version}`);

/** What is set up, or what lacks of it, in a few words. */
export type Found = { setup: PulumiSetup; lack?: never } | { setup?: never; lack: string };

/**
 * Looks for what is set up, without bringing anything. Quick unless `deep`, which computes every hash.
 */
export async function lookForPulumi(deep = false): Promise<Found> {
  const decision = readDecision();
  if (!decision) return { lack: 'nothing is set up yet, or not for what is here now' };
  const { source, engine } = decision;
  if (source === 'fallback') {
    if (!hasToolchain()) return { lack: 'toolchain/, which built it, is not here' };
    const { ensureToolchain, verify } = await toolchain();
    const findings = await verify({ home: home(), deep });
    if (findings.length > 0) return { lack: findings.join(', ') };
    return { setup: { source, ...(await ensureToolchain({ home: home() })) } };
  }
  const [plugin] = await missingPlugins(deep);
  if (plugin) return { lack: plugin.lack };
  if (source === 'system')
    return engine ? { setup: { source, path: [dirname(engine.file)] } } : { lack: 'the engine is not known' };
  const folder = officialFolder(installedVersion('@pulumi/pulumi'));
  const damage = await findDamage(folder, deep);
  return damage === undefined ? { setup: { source, path: [join(folder, 'pulumi')] } } : { lack: damage };
}

/** What is set up; undefined if something lacks. */
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
      `not using ${engine}: ${version?.version ?? 'unknown version'}, needed is ${OLDEST_ENGINE} or newer with pulumi-language-nodejs beside it`,
    );
    return undefined;
  }
  await installPlugins(engine, reporter);
  return { source: 'system', path: [dirname(engine)] };
}

/** Pulumi's own release, checked against its pinned checksum, into `folder`; whole or not at all. */
async function bringOfficial(version: string, folder: string, reporter: Reporter): Promise<void> {
  const source = engineArchive(version, platformNames());
  const sha256 = pinnedSha256(source);
  const url = mirror('pulumi') + source.path;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await reporter.step(`bringing Pulumi ${version} from ${new URL(url).host}`, async () => {
      await mkdir(partial, { recursive: true });
      const archive = join(partial, source.file);
      await download(url, archive, { sha256, progress: reporter.progress });
      await execa('tar', ['-xzf', archive, '-C', partial]);
      await rm(archive);
    });
    await writeStamp(partial, ['pulumi/pulumi', 'pulumi/pulumi-language-nodejs']);
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
    await bringOfficial(version, folder, reporter);
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
    // toolchain/ knows nothing of this command line: its errors are sentences, but not ours.
    throw new UserError(error instanceof Error ? error.message : String(error), {
      where: 'toolchain/',
      cause: error,
    });
  }
}

async function decide(reporter: Reporter): Promise<PulumiSetup> {
  const forced = process.env.SWITCHYARD_PULUMI as PulumiSource | undefined;
  if (forced && !['system', 'official', 'fallback'].includes(forced))
    throw new UserError('unknown source for Pulumi', {
      where: 'environment variable SWITCHYARD_PULUMI',
      found: forced,
      allowed: ['system', 'official', 'fallback', 'or unset: the first of them that works'],
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
      throw new UserError(`SWITCHYARD_PULUMI=${source} is asked for, but that source does not work here`, {
        ...(failure ? { found: failure.message } : {}),
        command: failure instanceof NotPinned ? PIN_COMMAND : 'unset SWITCHYARD_PULUMI',
      });
  }
  return useFallback(reporter);
}

/** Makes sure that engine, language host and plugins are there, and tells where. */
export async function ensurePulumi(reporter: Reporter): Promise<PulumiSetup> {
  const earlier = await findPulumi();
  if (earlier) return earlier;
  return withLock('pulumi', reporter.progress, async () => {
    const meanwhile = await findPulumi();
    if (meanwhile) return meanwhile;
    await requireSpace(home(), "Pulumi's engine and plugins");
    const decided = readDecision()?.source === 'fallback';
    const setup = decided ? await useFallback(reporter) : await decide(reporter);
    await writeDecision(setup.source, setup.source === 'system' ? join(setup.path[0]!, 'pulumi') : undefined);
    return setup;
  });
}
