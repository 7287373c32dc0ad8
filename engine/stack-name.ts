/** Names of stacks: which there are, and a sentence for one that there is not, before anything is made for it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suggest } from '../domain/diagnostics/suggest.ts';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';
import { backendFolder } from './passphrase.ts';
import { stackExists } from './stack-state.ts';

/** The stacks that have a settings file. */
export function knownStacks(folder = ROOT): string[] {
  return readdirSync(folder)
    .map(stackOfFile)
    .filter((name) => name !== undefined)
    .sort();
}

/** Whether a stack has a settings file here. */
export function hasSettings(stack: string, folder = ROOT): boolean {
  return NAME.test(stack) && existsSync(join(folder, stackFileName(stack)));
}

/** A name without organization and project: one that may stand in the name of a file. */
const NAME = /^[A-Za-z0-9][\w.-]*$/;

/** The stacks that a backend on this machine has; none of another one, which would have to be asked. */
export function stacksInFolder(backend = backendFolder()): string[] {
  if (backend === undefined) return [];
  const folder = join(backend, '.pulumi', 'stacks', 'switchyard');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((file) => /^(.+?)\.json(?:\.gz)?$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/**
 * For commands that look at a stack or remove it: ends with a sentence if the backend does not have it. Makes nothing, neither a
 * passphrase nor a stack.
 *
 * @param advice what to do about a stack that is not deployed; empty where that is nothing.
 * @throws UserError with the name that may have been meant.
 */
export async function requireStack(stack: string, advice = `./switchyard up ${stack}`): Promise<void> {
  if (await isInBackend(stack)) return;
  throw hasSettings(stack)
    ? new UserError(`stack ${stack} is not deployed yet`, advice === '' ? {} : { command: advice })
    : noSuchStack(stack);
}

/**
 * For commands that may be a stack's first: ends with a sentence if there is neither a settings file of this name nor a stack in the
 * backend.
 *
 * @throws UserError as {@link requireStack}.
 */
export async function requireNamedStack(stack: string): Promise<void> {
  if (hasSettings(stack) || (await isInBackend(stack))) return;
  throw noSuchStack(stack);
}

/** As {@link requireNamedStack}, for what needs the settings file and no backend. */
export function checkStackName(stack: string, folder = ROOT): void {
  if (!hasSettings(stack, folder)) throw noSuchStack(stack, { known: knownStacks(folder) });
}

async function isInBackend(stack: string): Promise<boolean> {
  if (!/^[\w.-]+(?:\/[\w.-]+){0,2}$/.test(stack)) return false;
  const name = stack.split('/').at(-1) ?? stack;
  return stacksInFolder().includes(name) || (await stackExists(stack));
}

/**
 * The error for a name that no stack has.
 *
 * @param options.known the names there are; `create`: the command that makes a new stack of this name, where there is one; `args`: the
 *   command line, to be repeated with the name that may have been meant.
 */
export function noSuchStack(
  stack: string,
  options: { known?: readonly string[]; create?: string; args?: readonly string[] } = {},
): UserError {
  const { known = allStacks(), create, args = process.argv.slice(2) } = options;
  const near = suggest(stack, known);
  const command = near === undefined ? create : repeated(args, stack, near);
  return new UserError(`there is no stack ${stack}${near === undefined ? '' : `; did you mean ${near}?`}`, {
    allowed: [...known, ...(create === undefined ? [] : [`or a new one: ${create}`])],
    ...(command === undefined ? {} : { command }),
  });
}

/** The stacks with a settings file here, and those of the backend where it is a folder. */
function allStacks(): string[] {
  return [...new Set([...knownStacks(), ...stacksInFolder()])].sort();
}

/** The command line with another stack. */
function repeated(args: readonly string[], stack: string, near: string): string {
  const plain = args.includes(stack) && args.every((arg) => /^[\w@%+=:,./-]+$/.test(arg));
  if (!plain) return `repeat the command with ${near}`;
  return ['./switchyard', ...args.map((arg) => (arg === stack ? near : arg))].join(' ');
}
