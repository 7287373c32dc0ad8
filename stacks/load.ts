/** Reads the inputs of a stack: the catalogue, its settings, and the plan of what the gateway will serve. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { parseAgents } from '../domain/read/agents-file.ts';
import type { AgentsFile } from '../domain/schema/agents-schema.ts';
import { checkInputs } from '../domain/checks/check-inputs.ts';
import { type LoadedCatalog, parseCatalog } from '../domain/read/catalog-file.ts';
import { planModels } from '../domain/plan/serving-plan.ts';
import type { Plan } from '../domain/plan/plan-types.ts';
import { formatProblems, hasErrors, type Problem, sortProblems } from '../domain/diagnostics/problems.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { parseSettings } from '../domain/read/settings-reader.ts';
import { type OtherStack, portsOf } from '../domain/checks/settings-checks.ts';
import type { Settings } from '../domain/schema/settings-schema.ts';
import { stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';

/** A stack's raw config from Pulumi. */
export interface RawConfig {
  /** Plain values by name, without the namespace; objects as JSON. Secrets have a value only in the Pulumi program. */
  config: Record<string, string>;
  /** The names of those that are secrets. */
  secretKeys: string[];
}

/** The inputs of a stack. */
export interface Inputs {
  catalog: Catalog;
  settings: Settings;
  /** The provider keys that are set. */
  keyNames: string[];
  plan: Plan;
  agents: AgentsFile;
}

/**
 * Reads and checks everything, before any resource is changed.
 *
 * @param stack the stack's name.
 * @param raw its config.
 * @param root the folder of Pulumi.yaml.
 * @param day the day against which the models' retirement dates are checked: YYYY-MM-DD.
 * @returns all problems of all files, and the inputs if none of the problems is an error.
 */
export function loadInputs(
  stack: string,
  raw: RawConfig,
  root = ROOT,
  day = today(),
): { inputs?: Inputs; problems: Problem[] } {
  const stackFile = stackFileName(stack);
  const stackPath = join(root, stackFile);
  const { catalog, readable, source, problems } = loadCatalog(root);
  const others = stackFiles(root).filter((other) => other.stack !== stack);
  const settings = parseSettings({
    ...raw,
    stack,
    takenPorts: portsOf(others),
    ...(existsSync(stackPath) ? { file: { path: stackFile, text: readFileSync(stackPath, 'utf8') } } : {}),
    ...(catalog === undefined ? {} : { catalog }),
  });
  problems.push(...settings.problems);
  problems.push(
    ...checkInputs({
      today: day,
      catalog: readable && { catalog: readable, source },
      settings: settings.settings && { settings: settings.settings, source: settings.source },
      litellmTemplate: file(LITELLM_FILE, root),
      lock: file(LOCK_FILE, root),
      others,
    }),
  );
  const agents = parseAgents(template('agents.yaml', root), AGENTS_FILE, catalog);
  problems.push(...agents.problems);
  if (!catalog || !settings.settings || !agents.file || hasErrors(problems))
    return { problems: sortProblems(problems) };
  const plan = planModels(catalog, settings.settings, settings.keyNames, { source });
  problems.push(...plan.warnings);
  const { keyNames } = settings;
  return { inputs: { catalog, settings: settings.settings, keyNames, plan, agents: agents.file }, problems };
}

/** The catalogue's path, as a user would type it. */
export const CATALOG_FILE = 'config-templates/catalog.yaml';

/** The catalogue and its problems. */
export function loadCatalog(root = ROOT): LoadedCatalog {
  return parseCatalog(template('catalog.yaml', root), CATALOG_FILE);
}

/**
 * The catalogue, for commands that need one without errors.
 *
 * @throws UserError with all of its problems.
 */
export function requireCatalog(): LoadedCatalog & { catalog: Catalog } {
  const { catalog, ...rest } = loadCatalog();
  if (catalog === undefined)
    throw new UserError(`the catalogue has errors\n${formatProblems(rest.problems)}`);
  return { catalog, ...rest };
}

/** The path of the agents' file, likewise. */
export const AGENTS_FILE = 'config-templates/agents.yaml';

/** The fixed part of LiteLLM's config, and the lock file from which the gateway's image is built. */
const LITELLM_FILE = 'config-templates/litellm.yaml';
const LOCK_FILE = 'runtimes/gateway/image/requirements.txt';

/** Today, or the day in the environment variable SWITCHYARD_TODAY: for tests, and to look ahead. */
function today(): string {
  return process.env.SWITCHYARD_TODAY ?? new Date().toISOString().slice(0, 10);
}

/** The settings files of all stacks in a checkout. */
function stackFiles(root: string): OtherStack[] {
  return readdirSync(root).flatMap((path) => {
    const stack = stackOfFile(path);
    return stack === undefined ? [] : [{ stack, ...file(path, root) }];
  });
}

function file(path: string, root: string): { path: string; text: string } {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** The text of a file in config-templates/. */
export function template(name: string, root = ROOT): string {
  return readFileSync(join(root, 'config-templates', name), 'utf8');
}
