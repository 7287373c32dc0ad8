/** Names of stacks: lists them, and refuses unknown names before anything is created. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suggest } from '../domain/diagnostics/suggest.ts';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';
import { isStackName } from '../domain/schema/stack-name-rule.ts';
import { refuseRenamed, renamed, renamedTo } from './renamed-stack.ts';
import { stackExists } from './stack-state.ts';
import { shortName, stacksInFolder } from './state-file.ts';

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

/**
 * For commands that read a stack or remove it: checks that the backend has it. Creates neither a passphrase nor a stack.
 *
 * @param suggestion the command for a stack that is not deployed; empty for a command to which creating one is no answer.
 * @throws UserError if the backend does not have it, with the name that was probably meant; or if it was renamed.
 */
export async function requireStack(stack: string, suggestion = `./switchyard up ${stack}`): Promise<void> {
  if (await isInBackend(stack)) return refuseRenamed(stack);
  refuseFormerName(stack);
  throw hasSettings(stack)
    ? new UserError(`stack ${stack} is not deployed yet`, suggestion === '' ? {} : { command: suggestion })
    : noSuchStack(stack, suggestion === '' ? { creates: false } : {});
}

/**
 * For commands that may be a stack's first, or that need its settings only: checks that there is a settings file of this name or a stack
 * in the backend. So a misspelt name creates nothing.
 *
 * @param options.creates as for {@link noSuchStack}.
 * @throws UserError as {@link requireStack}.
 */
export async function requireDeclaredStack(
  stack: string,
  options: { creates?: boolean } = {},
): Promise<void> {
  if (hasSettings(stack)) {
    refuseRenamed(stack);
    return refuseFormerName(stack);
  }
  if (await isInBackend(stack)) return refuseRenamed(stack);
  refuseFormerName(stack);
  throw noSuchStack(stack, options);
}

/** As {@link requireDeclaredStack}, for commands that need the settings file and no backend. */
export function checkStackName(stack: string, folder = ROOT): void {
  if (!hasSettings(stack, folder)) throw noSuchStack(stack, { known: knownStacks(folder) });
}

/** Whether the backend has a stack of this name. Creates nothing. */
export async function isInBackend(stack: string): Promise<boolean> {
  if (!/^[\w.-]+(?:\/[\w.-]+){0,2}$/.test(stack)) return false;
  return stacksInFolder().includes(shortName(stack)) || (await stackExists(stack));
}

/**
 * Refuses the former name of a stack that was renamed: a second stack of that name would claim the containers, network and volume of the
 * first one.
 *
 * @throws UserError with the command that renames it back.
 */
export function refuseFormerName(stack: string): void {
  if (stacksInFolder().includes(shortName(stack))) return;
  const now = renamedTo(stack);
  if (now !== undefined) throw renamed(stack, now);
}

/**
 * The error for an unknown stack name.
 *
 * @param options.known the known names; `creates`: whether to show the command that creates a stack; `args`: the command line, to be
 *   repeated with the name that was probably meant.
 */
export function noSuchStack(
  stack: string,
  options: { known?: readonly string[]; creates?: boolean; args?: readonly string[] } = {},
): UserError {
  const { known = allStacks(), creates = true, args = process.argv.slice(2) } = options;
  const near = suggest(stack, known);
  const create = creates && isStackName(stack) ? `./switchyard stack new ${stack}` : undefined;
  const command = near === undefined ? create : repeatCommand(args, stack, near);
  return new UserError(`there is no stack ${stack}${near === undefined ? '' : `; did you mean ${near}?`}`, {
    allowed: [...known, ...(create === undefined ? [] : [`or a new one: ${create}`])],
    ...(command === undefined ? {} : { command }),
  });
}

/** The stacks with a settings file here, and those of a backend that is a folder. */
export function allStacks(): string[] {
  return [...new Set([...knownStacks(), ...stacksInFolder()])].sort();
}

/** The command line with another name in the place of a wrong one; without quoting, so only if no argument needs any. */
export function repeatCommand(args: readonly string[], wrong: string, near: string): string {
  const plain = args.includes(wrong) && args.every((arg) => /^[\w@%+=:,./-]+$/.test(arg));
  if (!plain) return `repeat the command with ${near}`;
  return ['./switchyard', ...args.map((arg) => (arg === wrong ? near : arg))].join(' ');
}
