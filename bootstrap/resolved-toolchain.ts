/**
 * The resolved toolchain: where Pulumi comes from, saved so that later runs need no network. It is valid until the SDKs need other
 * versions, or the user has an engine of their own that was not checked yet.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { home, inHome, installedVersion, ROOT } from '../console/home-paths.ts';
import { isInstalled, requiredPlugins } from './plugins.ts';

/** Where the pieces come from: the user's own installation, Pulumi's downloads, or toolchain/. */
export type PulumiSource = 'system' | 'official' | 'fallback';

/** The saved result. Of paths only the user's own: SWITCHYARD_HOME and the checkout may be reachable by other names later. */
export interface ResolvedToolchain {
  source: PulumiSource;
  /** The versions that the installed SDKs needed at that time. */
  versions: string;
  /** The user's own engine, if that is used, with its fingerprint at that time. */
  engine?: { file: string; fingerprint: string };
  /** Rejected candidates: the user's own engines that do not fit, by path, with their fingerprints at that time. */
  rejected?: Record<string, string>;
}

/** The file's format. Its field names stay as they are: several checkouts and releases share the file. */
interface SavedToolchain {
  source: PulumiSource;
  wanted: string;
  engine?: { file: string; state: string };
  passedOver?: Record<string, string>;
}

const resolvedFile = () => inHome('tools', 'pulumi.json');

function requiredVersions(): string {
  const plugins = requiredPlugins().map(({ name, version }) => `${name} ${version}`);
  return [`engine ${installedVersion('@pulumi/pulumi')}`, ...plugins].join(', ');
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function onPath(name: string): string | undefined {
  // What Switchyard installed is not the user's own installation, whichever path leads to it.
  const ours = [home(), inHome('tools'), ROOT].map((folder) => `${realPath(folder)}${sep}`);
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!folder || ours.some((one) => `${realPath(folder)}${sep}`.startsWith(one))) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not here
    }
  }
  return undefined;
}

/** The user's own engine, if there is one on PATH. */
export function ownEngine(): string | undefined {
  return onPath('pulumi');
}

/** The language host for the user's own engine: in the same folder, otherwise on PATH. */
export function languageHostOf(engine: string): string | undefined {
  const beside = join(dirname(engine), 'pulumi-language-nodejs');
  return existsSync(beside) ? beside : onPath('pulumi-language-nodejs');
}

/** A fingerprint of all that decides whether the user's own engine is used: files of engine and language host, installed plugins. */
function fingerprintOf(engine: string): string {
  const files = [engine, languageHostOf(engine)].map((file) => {
    const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return found ? `${found.size} ${found.mtimeMs}` : 'none';
  });
  return [
    ...files,
    ...requiredPlugins()
      .filter(isInstalled)
      .map(({ name }) => name),
  ].join(', ');
}

function read(): ResolvedToolchain | undefined {
  try {
    const { source, wanted, engine, passedOver } = JSON.parse(
      readFileSync(resolvedFile(), 'utf8'),
    ) as SavedToolchain;
    return {
      ...{ source, versions: wanted },
      ...(engine && { engine: { file: engine.file, fingerprint: engine.state } }),
      ...(passedOver && { rejected: passedOver }),
    };
  } catch {
    return undefined;
  }
}

function toFile({ source, versions, engine, rejected }: ResolvedToolchain): SavedToolchain {
  return {
    ...{ source, wanted: versions },
    ...(engine && { engine: { file: engine.file, state: engine.fingerprint } }),
    ...(rejected && { passedOver: rejected }),
  };
}

/** The saved result, if it is still valid. */
export function readResolved(): ResolvedToolchain | undefined {
  const resolved = read();
  const forced = process.env.SWITCHYARD_PULUMI;
  if (resolved?.versions !== requiredVersions() || (forced && forced !== resolved.source)) return undefined;
  const { engine, rejected } = resolved;
  if (engine) return fingerprintOf(engine.file) === engine.fingerprint ? resolved : undefined;
  const own = forced ? undefined : ownEngine();
  return own !== undefined && rejected?.[own] !== fingerprintOf(own) ? undefined : resolved;
}

/**
 * Saves the result.
 *
 * @param engine the user's own engine, if that is the source.
 */
export async function writeResolved(source: PulumiSource, engine?: string): Promise<void> {
  const resolved: ResolvedToolchain = { source, versions: requiredVersions() };
  // If SWITCHYARD_PULUMI sets the source, the user's own engine was not checked.
  const own = process.env.SWITCHYARD_PULUMI ? undefined : ownEngine();
  if (engine !== undefined) resolved.engine = { file: engine, fingerprint: fingerprintOf(engine) };
  else
    resolved.rejected = { ...read()?.rejected, ...(own === undefined ? {} : { [own]: fingerprintOf(own) }) };
  await mkdir(dirname(resolvedFile()), { recursive: true });
  await writeFileAtomic(resolvedFile(), `${JSON.stringify(toFile(resolved), null, 2)}\n`);
}
