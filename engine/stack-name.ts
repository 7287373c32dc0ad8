/** Names of stacks: lists them, and refuses unknown names before anything is created. */
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

/** A name without organization and project: only such a name can be part of a file name. */
const NAME = /^[A-Za-z0-9][\w.-]*$/;

/** The stacks in a backend that is a folder of this machine; empty for a remote backend, which would have to be queried. */
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
 * For commands that read a stack or remove it: checks that the backend has it. Creates neither a passphrase nor a stack.
 *
 * @param suggestion the command for a stack that is not deployed; empty for none.
 * @throws UserError if the backend does not have it, with the name that was probably meant.
 */
export async function requireStack(stack: string, suggestion = `./switchyard up ${stack}`): Promise<void> {
  if (await isInBackend(stack)) return;
  throw hasSettings(stack)
    ? new UserError(`stack ${stack} is not deployed yet`, suggestion === '' ? {} : { command: suggestion })
    : noSuchStack(stack);
}

/**
 * For commands that may run before the first deployment: checks that the stack has a settings file or is in the backend.
 *
 * @throws UserError as {@link requireStack}.
 */
export async function requireDeclaredStack(stack: string): Promise<void> {
  if (hasSettings(stack) || (await isInBackend(stack))) return;
  throw noSuchStack(stack);
}

/** As {@link requireDeclaredStack}, for commands that need the settings file and no backend. */
export function checkStackName(stack: string, folder = ROOT): void {
  if (!hasSettings(stack, folder)) throw noSuchStack(stack, { known: knownStacks(folder) });
}

async function isInBackend(stack: string): Promise<boolean> {
  if (!/^[\w.-]+(?:\/[\w.-]+){0,2}$/.test(stack)) return false;
  const name = stack.split('/').at(-1) ?? stack;
  return stacksInFolder().includes(name) || (await stackExists(stack));
}

/**
 * The error for an unknown stack name.
 *
 * @param options.known the known names.
 * @param options.create the command that creates a stack of this name, if there is one.
 * @param options.args the command line; the error suggests it with the name that was probably meant.
 */
export function noSuchStack(
  stack: string,
  options: { known?: readonly string[]; create?: string; args?: readonly string[] } = {},
): UserError {
  const { known = allStacks(), create, args = process.argv.slice(2) } = options;
  const near = suggest(stack, known);
  const command = near === undefined ? create : repeatCommand(args, stack, near);
  return new UserError(`there is no stack ${stack}${near === undefined ? '' : `; did you mean ${near}?`}`, {
    allowed: [...known, ...(create === undefined ? [] : [`or a new one: ${create}`])],
    ...(command === undefined ? {} : { command }),
  });
}

/** The stacks with a settings file here, and those of a backend that is a folder. */
function allStacks(): string[] {
  return [...new Set([...knownStacks(), ...stacksInFolder()])].sort();
}

/** The command line with another stack name; without quoting, so only if no argument needs any. */
function repeatCommand(args: readonly string[], stack: string, near: string): string {
  const plain = args.includes(stack) && args.every((arg) => /^[\w@%+=:,./-]+$/.test(arg));
  if (!plain) return `repeat the command with ${near}`;
  return ['./switchyard', ...args.map((arg) => (arg === stack ? near : arg))].join(' ');
}
