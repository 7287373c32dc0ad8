/** Reads what a stack is made from: the catalogue, its settings, and what the gateway will serve of the one under the other. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AgentsFile, parseAgents } from '../catalog/agents.ts';
import { parseCatalog } from '../catalog/load.ts';
import { type Plan, planModels } from '../catalog/plan.ts';
import { hasErrors, type Problem } from '../catalog/problems.ts';
import type { Catalog } from '../catalog/schema.ts';
import { parseSettings, type Settings } from './settings.ts';

/** The checkout's root. */
export const ROOT = resolve(import.meta.dirname, '..');

/** A stack's raw config, as Pulumi has it. */
export interface RawConfig {
  /** Plain values by name, without the namespace; objects as JSON. Secret values may be left out or empty. */
  config: Record<string, string>;
  /** The names of those that are secrets. */
  secretKeys: string[];
}

/** What a stack is made from. */
export interface Inputs {
  catalog: Catalog;
  settings: Settings;
  /** The provider keys that are set. */
  keyNames: string[];
  plan: Plan;
  agents: AgentsFile;
}

/**
 * Reads and checks everything, before any resource is touched.
 *
 * @param stack the stack's name.
 * @param raw its config.
 * @param root the folder of Pulumi.yaml.
 * @returns all problems of all files at once, and the inputs if none of them is an error.
 */
export function loadInputs(
  stack: string,
  raw: RawConfig,
  root = ROOT,
): { inputs?: Inputs; problems: Problem[] } {
  const stackFile = `Pulumi.${stack}.yaml`;
  const stackPath = join(root, stackFile);
  const { catalog, source, problems } = parseCatalog(template('catalog.yaml', root), CATALOG_FILE);
  const settings = parseSettings({
    ...raw,
    stack,
    ...(existsSync(stackPath) ? { file: { path: stackFile, text: readFileSync(stackPath, 'utf8') } } : {}),
    ...(catalog === undefined ? {} : { catalog }),
  });
  problems.push(...settings.problems);
  if (catalog === undefined) return { problems };
  const agents = parseAgents(template('agents.yaml', root), AGENTS_FILE, catalog);
  problems.push(...agents.problems);
  if (settings.settings === undefined || agents.file === undefined || hasErrors(problems))
    return { problems };
  const plan = planModels(catalog, settings.settings, settings.keyNames, { source });
  problems.push(...plan.warnings);
  const { keyNames } = settings;
  return { inputs: { catalog, settings: settings.settings, keyNames, plan, agents: agents.file }, problems };
}

/** The catalogue's name, as a user would type it. */
export const CATALOG_FILE = 'config-templates/catalog.yaml';

/** The agents' file, likewise. */
export const AGENTS_FILE = 'config-templates/agents.yaml';

/** The text of a file below config-templates/. */
export function template(name: string, root = ROOT): string {
  return readFileSync(join(root, 'config-templates', name), 'utf8');
}
