/**
 * Where Pulumi comes from, as it was decided and written down, so that a second run asks no network. It holds until the SDKs ask for
 * other versions, or there is an engine of the user's own that was not looked at.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { home, inHome, installedVersion, ROOT } from '../console/home-paths.ts';
import { isInstalled, wantedPlugins } from './plugins.ts';

/** Where the pieces come from: the user's own installation, Pulumi's downloads, or toolchain/. */
export type PulumiSource = 'system' | 'official' | 'fallback';

/** What is written down. No folders but the user's own: those below SWITCHYARD_HOME and the checkout may be reached by other names. */
export interface Decision {
  source: PulumiSource;
  /** The versions that the installed SDKs asked for when it was decided. */
  wanted: string;
  /** The user's own engine that is used, as it was then. */
  engine?: { file: string; state: string };
  /** The user's own engines that were looked at and not taken, with their states then: a too old one asks for no new decision. */
  passedOver?: Record<string, string>;
}

const decisionFile = () => inHome('tools', 'pulumi.json');

function wantedVersions(): string {
  const plugins = wantedPlugins().map(({ name, version }) => `${name} ${version}`);
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
  // What we brought ourselves is no installation of the user's, by whatever name it is reached.
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

/** The user's own engine, if one is on PATH. */
export function ownEngine(): string | undefined {
  return onPath('pulumi');
}

/** The language host for an engine of the user's own: beside it, else on PATH. */
export function languageHostOf(engine: string): string | undefined {
  const beside = join(dirname(engine), 'pulumi-language-nodejs');
  return existsSync(beside) ? beside : onPath('pulumi-language-nodejs');
}

/** What it depends on whether an engine of the user's own is taken: the files of engine and language host, which plugins there are. */
function stateOf(engine: string): string {
  const files = [engine, languageHostOf(engine)].map((file) => {
    const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return found ? `${found.size} ${found.mtimeMs}` : 'none';
  });
  return [
    ...files,
    ...wantedPlugins()
      .filter(isInstalled)
      .map(({ name }) => name),
  ].join(', ');
}

function read(): Decision | undefined {
  try {
    return JSON.parse(readFileSync(decisionFile(), 'utf8')) as Decision;
  } catch {
    return undefined;
  }
}

/** An earlier decision, if it still holds. */
export function readDecision(): Decision | undefined {
  const decision = read();
  const forced = process.env.SWITCHYARD_PULUMI;
  if (decision?.wanted !== wantedVersions() || (forced && forced !== decision.source)) return undefined;
  const { engine, passedOver } = decision;
  if (engine) return stateOf(engine.file) === engine.state ? decision : undefined;
  const own = forced ? undefined : ownEngine();
  return own !== undefined && passedOver?.[own] !== stateOf(own) ? undefined : decision;
}

/**
 * Writes a decision down.
 *
 * @param engine the user's own engine, where that is the source.
 */
export async function writeDecision(source: PulumiSource, engine?: string): Promise<void> {
  const decision: Decision = { source, wanted: wantedVersions() };
  // Where the source was forced, nobody looked at the user's own.
  const own = process.env.SWITCHYARD_PULUMI ? undefined : ownEngine();
  if (engine !== undefined) decision.engine = { file: engine, state: stateOf(engine) };
  else decision.passedOver = { ...read()?.passedOver, ...(own === undefined ? {} : { [own]: stateOf(own) }) };
  await mkdir(dirname(decisionFile()), { recursive: true });
  await writeFileAtomic(decisionFile(), `${JSON.stringify(decision, null, 2)}\n`);
}
