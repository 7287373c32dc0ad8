/** The stacks of a backend that is a folder of this machine, read from its files: without Pulumi, a lock or a passphrase. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { backendFolder } from './passphrase.ts';

/** A resource as Pulumi's state holds it; secrets encrypted. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  created?: string;
  modified?: string;
  protect?: boolean;
  /** It has been replaced and still must be deleted: an `up` was interrupted before that. */
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The name of a stack without organization and project. */
export function shortName(stack: string): string {
  return stack.split('/').at(-1) ?? stack;
}

const STATE_FILE = /^(?<stack>.+?)\.json(?:\.gz)?$/;

/** The stacks in a backend that is a folder of this machine; empty for a remote backend, which would have to be queried. */
export function stacksInFolder(backend = backendFolder()): string[] {
  const files = backend === undefined ? [] : filesIn(stacksFolder(backend));
  return files
    .map((file) => STATE_FILE.exec(file)?.groups?.stack)
    .filter((name) => name !== undefined)
    .sort();
}

/**
 * The resources of a stack of this project in a backend that is a folder; undefined if the stack is not there, it is another project's, the
 * backend is another one, or the file is not in the format that we know.
 */
export function resourcesInFolder(stack: string, backend = backendFolder()): StateResource[] | undefined {
  if (backend === undefined || !/^(organization\/switchyard\/)?[^/]+$/.test(stack)) return undefined;
  const folder = stacksFolder(backend);
  const file = filesIn(folder).find((name) => STATE_FILE.exec(name)?.groups?.stack === shortName(stack));
  if (file === undefined) return undefined;
  try {
    const bytes = readFileSync(join(folder, file));
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    const { checkpoint } = JSON.parse(text) as Checkpoint;
    return checkpoint.latest?.resources ?? [];
  } catch {
    return undefined;
  }
}

/** The fields used of Pulumi's state file. */
interface Checkpoint {
  checkpoint: { latest?: { resources?: StateResource[] } | null };
}

/** Whether a backend's folder has stacks in the layout of old releases of Pulumi, without a folder per project. */
export function hasOldLayout(backend: string): boolean {
  return filesIn(join(backend, '.pulumi', 'stacks')).some((file) => STATE_FILE.test(file));
}

function stacksFolder(backend: string): string {
  return join(backend, '.pulumi', 'stacks', 'switchyard');
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
