/** Reads a stack's existence, outputs and resources from the backend. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { toolEnv } from './environment.ts';
import { pulumiProcess } from './pulumi-process.ts';
import { pulumi, runPulumi } from './pulumi-run.ts';
import { isStackMissing, pulumiFailure } from './pulumi-failure.ts';
import { backendFolder } from './passphrase.ts';
import {
  hasOldLayout,
  resourcesInFolder,
  shortName,
  stacksInFolder,
  type StateResource,
} from './state-file.ts';

export type { StateResource };

/**
 * Whether the backend has the stack. Creates neither a passphrase nor Pulumi's files in an empty backend folder.
 *
 * @throws UserError if the backend cannot be queried.
 */
export async function stackExists(stack: string): Promise<boolean> {
  const folder = backendFolder();
  // Pulumi would write its first file into a folder without stacks on any query.
  if (folder !== undefined && !existsSync(join(folder, '.pulumi', 'stacks'))) return false;
  if (folder !== undefined && !stack.includes('/') && !hasOldLayout(folder))
    return stacksInFolder(folder).includes(stack);
  const shown = await runPulumi(stack, ['stack', '--show-name'], { withoutPassphrase: true });
  if (shown.exitCode !== 0 && !isStackMissing(shown)) throw pulumiFailure(stack, shown);
  return shown.exitCode === 0;
}

/**
 * The resources of a stack, with their secrets encrypted, for commands that must work without the stack's passphrase and create none.
 *
 * @returns undefined if there is no such stack.
 * @throws UserError if the backend cannot be queried.
 */
export async function encryptedResources(stack: string): Promise<StateResource[] | undefined> {
  const inFolder = resourcesInFolder(stack);
  if (inFolder !== undefined) return inFolder;
  if (!(await stackExists(stack))) return undefined;
  const exported = await runPulumi(stack, ['stack', 'export'], { withoutPassphrase: true });
  if (exported.exitCode !== 0) throw pulumiFailure(stack, exported);
  return parseState(exported.stdout).resources;
}

/** The stacks of this project in the backend. Creates nothing. */
export async function stacksInBackend(): Promise<string[]> {
  const folder = backendFolder();
  if (folder !== undefined) return stacksInFolder(folder);
  const listed = await pulumiProcess(['stack', 'ls', '--json', '--non-interactive'], {
    cwd: ROOT,
    env: await toolEnv(),
  });
  if (listed.exitCode !== 0)
    throw new UserError('the backend could not be queried for its stacks', {
      found: listed.stderr.replace(/^error: /, '').trim(),
    });
  return (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => shortName(name)).sort();
}

/** Creates the stack if it does not exist yet. */
export async function ensureStack(stack: string): Promise<void> {
  const listed = await runPulumi(stack, ['config']);
  if (listed.exitCode === 0) return;
  if (!isStackMissing(listed)) throw pulumiFailure(stack, listed);
  await pulumi(stack, ['stack', 'init', '--no-select']);
}

/**
 * The stack's state; the stack is created if it does not exist yet.
 *
 * @throws UserError if the backend cannot be queried.
 */
export async function ensureState(stack: string): Promise<{ resources: StateResource[] }> {
  const inFolder = resourcesInFolder(stack);
  if (inFolder !== undefined) return { resources: inFolder };
  const exported = await runPulumi(stack, ['stack', 'export']);
  if (exported.exitCode === 0) return parseState(exported.stdout);
  if (!isStackMissing(exported)) throw pulumiFailure(stack, exported);
  await pulumi(stack, ['stack', 'init', '--no-select']);
  return { resources: [] };
}

/**
 * The stack's outputs, with secrets decrypted. Empty if nothing is deployed.
 *
 * @throws UserError if there is no such stack, or its passphrase is wrong.
 */
export async function stackOutputs(stack: string): Promise<Record<string, unknown>> {
  const { stdout } = await pulumi(stack, ['stack', 'output', '--json', '--show-secrets']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/**
 * The stack's state, with its secrets encrypted. A backend that is a folder is read without starting the engine, which costs a third of a
 * second of CPU.
 */
export async function stackState(stack: string): Promise<{ resources: StateResource[] }> {
  const inFolder = resourcesInFolder(stack);
  if (inFolder !== undefined) return { resources: inFolder };
  return parseState((await pulumi(stack, ['stack', 'export'])).stdout);
}

function parseState(json: string): { resources: StateResource[] } {
  const { deployment } = JSON.parse(json) as { deployment: { resources?: StateResource[] } };
  return { resources: deployment.resources ?? [] };
}

/** The name of a resource: the last part of its URN. */
export function resourceName(resource: Pick<StateResource, 'urn'>): string {
  return resource.urn.slice(resource.urn.lastIndexOf('::') + 2);
}

/** A deployment's own random id, which its containers have as a label; undefined if nothing is deployed. */
export function deploymentInstance(resources: readonly StateResource[]): unknown {
  return resources.find((resource) => resourceName(resource) === 'instance')?.outputs?.hex;
}
