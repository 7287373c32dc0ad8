/** Reads and checks the settings in `Pulumi.<stack>.yaml` without Pulumi. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblems, hasErrors, type Problem } from '../domain/diagnostics/problems.ts';
import { type Inputs, loadCatalog, loadInputs, type RawConfig } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { parseSettings } from '../domain/read/settings-reader.ts';
import type { Settings } from '../domain/schema/settings-schema.ts';
import { UserError } from '../console/errors.ts';
import { readStackYaml } from './stack-file.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * The raw config in the text of a `Pulumi.<stack>.yaml`, in the form in which Pulumi passes it to the program: plain values as strings,
 * objects as JSON, secrets by name only (they are not decrypted).
 *
 * @param file the file's name, for the error.
 * @throws UserError if the text is not YAML.
 */
export function rawConfig(text: string, file: string): RawConfig {
  const { config = {} } = readStackYaml(text, file) as { config?: Record<string, unknown> | null };
  const raw: RawConfig = { config: {}, secretKeys: [] };
  for (const [name, value] of Object.entries(config ?? {})) {
    // Pulumi treats a name without a namespace as the project's own; other namespaces configure providers.
    if (name.includes(':') && bareName(name) === name) continue;
    const bare = bareName(name);
    if (holdsSecret(value)) raw.secretKeys.push(bare);
    else
      raw.config[bare] = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  }
  return raw;
}

/** Whether a value is or contains a secret: Pulumi treats the whole value as secret then. */
function holdsSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('secure' in value && Object.keys(value).length === 1) return true;
  return Object.values(value).some(holdsSecret);
}

/** The inputs of a stack (catalogue, settings, names of the keys that are set), and their problems. */
export function stackInputs(stack: string, root: string = ROOT): { inputs?: Inputs; problems: Problem[] } {
  return loadInputs(stack, readRawConfig(stack, root), root);
}

/** The raw config of a stack; empty if it has no file yet. */
export function readRawConfig(stack: string, root: string = ROOT): RawConfig {
  const file = stackFileName(stack);
  const path = join(root, file);
  return existsSync(path) ? rawConfig(readFileSync(path, 'utf8'), file) : { config: {}, secretKeys: [] };
}

/**
 * The settings of a stack, with all defaults filled in. Errors in the catalogue are ignored here.
 *
 * @throws UserError with all problems of the settings.
 */
export function stackSettings(stack: string): Promise<Settings> {
  return new Promise((done) => done(readSettings(stack)));
}

function readSettings(stack: string): Settings {
  const path = stackFileName(stack);
  const hasFile = existsSync(join(ROOT, path));
  const { catalog } = loadCatalog();
  const { settings, problems } = parseSettings({
    ...readRawConfig(stack),
    stack,
    ...(hasFile ? { file: { path, text: readFileSync(join(ROOT, path), 'utf8') } } : {}),
    ...(catalog === undefined ? {} : { catalog }),
  });
  if (settings === undefined || hasErrors(problems)) throw new UserError(formatProblems(problems));
  return settings;
}

/**
 * The problems that a stack's settings would have with other values.
 *
 * @param config values by name, objects as JSON; they replace those in the stack's file.
 */
export function problemsWith(stack: string, config: Readonly<Record<string, string>>): Problem[] {
  const raw = readRawConfig(stack);
  const { catalog } = loadCatalog();
  return parseSettings({
    ...{ stack, secretKeys: raw.secretKeys, config: { ...raw.config, ...config } },
    ...(catalog === undefined ? {} : { catalog }),
  }).problems;
}
