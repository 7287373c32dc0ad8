/**
 * Pulumi's engine, language host and plugins: the user's own where they are new enough, else the official ones, else those of
 * toolchain/. The decision is written down, so that a second run asks no network.
 */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import writeFileAtomic from 'write-file-atomic';
import { UserError } from '../errors.ts';
import { requireSpace } from './disk.ts';
import { checksumOf, download, fetchText, Unreachable } from './download.ts';
import { withLock } from './lock.ts';
import { home, inHome, installedVersion, root } from './paths.ts';
import { mirror, platformNames } from './platform.ts';
import { installPlugins, missingPlugins, wantedPlugins } from './plugins.ts';
import type { Reporter } from './reporter.ts';
import { findDamage, writeStamp } from './stamp.ts';
import { atLeast, parseVersion } from './versions.ts';

/** The oldest engine of the user's own that is taken. */
const OLDEST_ENGINE = '3.200.0';

/** Where the pieces come from: the user's own installation, Pulumi's downloads, or toolchain/. */
export type PulumiSource = 'system' | 'official' | 'fallback';

/** What was decided: the folders to put in front of PATH. */
export interface PulumiSetup {
  source: PulumiSource;
  path: string[];
}

/** What is written down. No folders but the user's own: those below SWITCHYARD_HOME and the checkout may be reached by other names. */
interface Decision {
  source: PulumiSource;
  /** The versions that the installed SDKs asked for when it was decided. */
  wanted: string;
  /** The user's own engine, with size and time of its file: another one there means to look again. */
  engine?: { file: string; fingerprint: string };
}

const decisionFile = () => inHome('tools', 'pulumi.json');
const officialFolder = (version: string) => inHome('tools', `pulumi-official-${version}`);

function wantedVersions(): string {
  const plugins = wantedPlugins().map(({ name, version }) => `${name} ${version}`);
  return [`engine ${installedVersion('@pulumi/pulumi')}`, ...plugins].join(', ');
}

function fingerprint(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

/** An earlier decision, if it still holds. */
function readDecision(): Decision | undefined {
  try {
    const decision = JSON.parse(readFileSync(decisionFile(), 'utf8')) as Decision;
    const forced = process.env.SWITCHYARD_PULUMI;
    if (decision.wanted !== wantedVersions() || (forced && forced !== decision.source)) return undefined;
    const { engine } = decision;
    return engine && fingerprint(engine.file) !== engine.fingerprint ? undefined : decision;
  } catch {
    return undefined;
  }
}

/**
 * What is set up, without bringing anything; undefined if something lacks. Quick unless `deep`, which computes every hash.
 */
export async function findPulumi(deep = false): Promise<PulumiSetup | undefined> {
  const decision = readDecision();
  if (!decision) return undefined;
  const { source, engine } = decision;
  if (source === 'fallback') {
    const { ensureToolchain, verify } = await import('../../toolchain/build.ts');
    const findings = await verify({ home: home(), deep });
    return findings.length === 0 ? { source, ...(await ensureToolchain({ home: home() })) } : undefined;
  }
  if (missingPlugins().length > 0) return undefined;
  if (source === 'system') return engine && { source, path: [dirname(engine.file)] };
  const folder = officialFolder(installedVersion('@pulumi/pulumi'));
  return (await findDamage(folder, deep)) === undefined
    ? { source, path: [join(folder, 'pulumi')] }
    : undefined;
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    // What we brought ourselves is no installation of the user's.
    if (!folder || folder.startsWith(home()) || folder.startsWith(root)) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not here
    }
  }
  return undefined;
}

async function useSystem(reporter: Reporter): Promise<PulumiSetup | undefined> {
  const engine = onPath('pulumi');
  if (!engine) return undefined;
  const { stdout = '' } = await execa(engine, ['version'], { reject: false, timeout: 20_000 });
  const beside = join(dirname(engine), 'pulumi-language-nodejs');
  if (!atLeast(stdout, OLDEST_ENGINE) || !(existsSync(beside) || onPath('pulumi-language-nodejs'))) {
    reporter.progress(
      `not using ${engine}: ${parseVersion(stdout)?.join('.') ?? 'unknown version'}, needed is ${OLDEST_ENGINE} or newer with pulumi-language-nodejs beside it`,
    );
    return undefined;
  }
  await installPlugins(engine, reporter);
  return { source: 'system', path: [dirname(engine)] };
}

/** Pulumi's own release, checked against its list of hashes, into `folder`; whole or not at all. */
async function bringOfficial(version: string, folder: string, reporter: Reporter): Promise<void> {
  const { os, arch } = platformNames();
  const file = `pulumi-v${version}-${os}-${arch}.tar.gz`;
  const releases = `${mirror('pulumi')}/releases/sdk`;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await reporter.step(`bringing Pulumi ${version} from ${new URL(releases).host}`, async () => {
      const sums = await fetchText(`${releases}/pulumi-${version}-checksums.txt`);
      const sha256 = checksumOf(sums, file);
      if (sha256 === undefined) throw new Unreachable(releases, `publishes no checksum for ${file}`);
      await mkdir(partial, { recursive: true });
      const archive = join(partial, file);
      await download(`${releases}/${file}`, archive, { sha256, progress: reporter.progress });
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
  const { ensureToolchain } = await import('../../toolchain/build.ts');
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
    try {
      const setup = await attempt(reporter);
      if (setup) return setup;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      reporter.progress(`${error.message}: trying the next source`);
    }
    if (forced)
      throw new UserError(`SWITCHYARD_PULUMI=${source} is asked for, but that source does not work here`, {
        command: 'unset SWITCHYARD_PULUMI',
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
    const decision: Decision = { source: setup.source, wanted: wantedVersions() };
    if (setup.source === 'system') {
      const file = join(setup.path[0]!, 'pulumi');
      decision.engine = { file, fingerprint: fingerprint(file) };
    }
    await mkdir(dirname(decisionFile()), { recursive: true });
    await writeFileAtomic(decisionFile(), `${JSON.stringify(decision, null, 2)}\n`);
    return setup;
  });
}
