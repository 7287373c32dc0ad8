/** Reads a stack's existence, outputs and resources from the backend. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pulumi, runPulumi } from './pulumi-run.ts';
import { isStackMissing, pulumiFailure } from './pulumi-failure.ts';
import { backendFolder } from './passphrase.ts';

/** A resource in Pulumi's state, with its secrets encrypted. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  created?: string;
  modified?: string;
  protect?: boolean;
  /** It is replaced but not deleted yet, because an `up` was interrupted in between. */
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/**
 * Whether the backend has the stack. Creates neither a passphrase nor Pulumi's files in an empty backend folder.
 *
 * @throws UserError if the backend cannot be queried.
 */
export async function stackExists(stack: string): Promise<boolean> {
  const folder = backendFolder();
  // Pulumi would write its first file into a folder without stacks on any query.
  if (folder !== undefined && !existsSync(join(folder, '.pulumi', 'stacks'))) return false;
  const shown = await runPulumi(stack, ['stack', '--show-name'], { withoutPassphrase: true });
  if (shown.exitCode !== 0 && !isStackMissing(shown)) throw pulumiFailure(stack, shown);
  return shown.exitCode === 0;
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

/** The stack's state. */
export async function stackState(stack: string): Promise<{ resources: StateResource[] }> {
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
