/** Finds what outranks the files that `connect` writes: opencode reads further config files and variables after them. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { UserError } from '../console/errors.ts';
import { type Json, object, parseObject, strings } from './json-objects.ts';
import { positionIn } from './switched-off.ts';
import { readIfExists } from './read-if-exists.ts';

/** A config that opencode reads after the global files. */
interface Source {
  /** How it is named in messages: a variable, or what the file is. */
  name: string;
  /** A file; absent if `text` is given. */
  file?: string;
  text?: string;
}

/** Where an administrator's config is, which outranks everything. */
const MANAGED_FOLDER =
  process.platform === 'darwin' ? '/Library/Application Support/opencode' : '/etc/opencode';

/**
 * What outranks our values, one sentence each, with its place.
 *
 * @param ours what `connect` writes.
 * @param cwd the folder in which opencode would run; its config and that of the folders above it, up to the git repository's, count.
 */
export async function overrides(
  ours: OpencodeConfig,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
  cwd = process.cwd(),
): Promise<string[]> {
  const found = await Promise.all(sources(env, cwd).map((source) => overridesIn(source, ours)));
  const auth = env.OPENCODE_AUTH_CONTENT
    ? ['OPENCODE_AUTH_CONTENT is set: opencode reads it instead of auth.json; unset OPENCODE_AUTH_CONTENT']
    : [];
  return [...auth, ...found.flat()];
}

/** The sources in opencode's order: a later one outranks the earlier ones. */
function sources(env: Readonly<NodeJS.ProcessEnv>, cwd: string): Source[] {
  const inFolder = (name: string, folder: string): Source[] =>
    ['opencode.json', 'opencode.jsonc'].map((file) => ({ name, file: join(folder, file) }));
  const withoutProject = ['1', 'true'].includes(env.OPENCODE_DISABLE_PROJECT_CONFIG ?? '');
  const project = withoutProject ? [] : projectFolders(resolve(cwd)).toReversed();
  return [
    ...(env.OPENCODE_CONFIG ? [{ name: 'OPENCODE_CONFIG', file: resolve(cwd, env.OPENCODE_CONFIG) }] : []),
    ...project.flatMap((folder) => inFolder('the project', folder)),
    ...project.flatMap((folder) => inFolder('the project', join(folder, '.opencode'))),
    ...(env.OPENCODE_CONFIG_DIR
      ? inFolder('OPENCODE_CONFIG_DIR', resolve(cwd, env.OPENCODE_CONFIG_DIR))
      : []),
    ...(env.OPENCODE_CONFIG_CONTENT
      ? [{ name: 'OPENCODE_CONFIG_CONTENT', text: env.OPENCODE_CONFIG_CONTENT }]
      : []),
    ...inFolder('the administrator', MANAGED_FOLDER),
  ];
}

/** The folder and those above it, up to the git repository's; without one only the folder itself. */
function projectFolders(folder: string): string[] {
  const above: string[] = [];
  for (let one = folder; ; one = dirname(one)) {
    above.push(one);
    if (existsSync(join(one, '.git'))) return above;
    if (dirname(one) === one) return [folder];
  }
}

async function overridesIn({ name, file, text: inline }: Source, ours: OpencodeConfig): Promise<string[]> {
  const where = file ?? name;
  const text = inline ?? (await readIfExists(where).catch(() => undefined));
  if (text === undefined || text.trim() === '') return [];
  const label = file === undefined ? '' : `${name}: `;
  let config: Json;
  try {
    config = parseObject(text, where);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`${label}${error.where ?? where} is malformed, so that opencode refuses to run`];
  }
  return outranking(config, ours).map(
    ([path, what]) => `${label}${positionIn(text, where, path)} outranks what connect writes: ${what}`,
  );
}

function outranking(config: Json, ours: OpencodeConfig): [path: string[], what: string][] {
  const scalars = ['model', 'small_model', 'default_agent'].filter(
    (key) => config[key] !== undefined && config[key] !== ours[key],
  );
  const on = ours.enabled_providers;
  const hidden =
    config.enabled_providers === undefined
      ? []
      : on.filter((one) => !strings(config.enabled_providers).includes(one));
  const disabled = on.filter((one) => strings(config.disabled_providers).includes(one));
  const entries = (['provider', 'agent'] as const).flatMap((part) =>
    Object.keys(object(config[part]))
      .filter((one) => one in ours[part])
      .map((one): [string[], string] => [[part, one], `${part}.${one}`]),
  );
  return [
    ...scalars.map((key): [string[], string] => [[key], `${key} is ${JSON.stringify(config[key])}`]),
    ...(hidden.length > 0
      ? [[['enabled_providers'], `enabled_providers hides ${hidden.join(', ')}`] as [string[], string]]
      : []),
    ...(disabled.length > 0
      ? [[['disabled_providers'], `disabled_providers names ${disabled.join(', ')}`] as [string[], string]]
      : []),
    ...entries,
  ];
}
