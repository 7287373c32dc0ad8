/** Explains a failed run of Pulumi from its exit code, the Automation API's error types, and the errors that the engine reported. */
// Only the module with the error types: importing the whole Automation API costs a second of CPU.
import * as automationErrors from '@pulumi/pulumi/automation/errors.js';
import { UserError } from '../console/errors.ts';
import type { PulumiResult } from './pulumi-process.ts';
import { passphrasePath } from './passphrase.ts';
import { describeOwner, stackLocks } from './stack-lock.ts';

const { ConcurrentUpdateError, StackNotFoundError } = automationErrors;

/** The result of a run in the Automation API; `toString` becomes the error's message. */
interface CommandResult extends PulumiResult {
  code: number;
  toString: () => string;
}

/** The Automation API's function that turns a result into a typed error. It is missing in the declarations. */
const { createCommandError } = automationErrors as unknown as {
  createCommandError: (result: CommandResult) => automationErrors.CommandError;
};

/** The exit code of `pulumi` for a missing stack. Older releases have another one: see {@link isStackMissing}. */
const STACK_NOT_FOUND = 6;

/** The typed error for a run that failed. */
export function commandError(result: PulumiResult): automationErrors.CommandError {
  return createCommandError({ ...result, code: result.exitCode, toString: () => result.stderr });
}

/** The result behind a typed error; undefined for any other error. */
export function resultOf(error: unknown): PulumiResult | undefined {
  return error instanceof automationErrors.CommandError
    ? (error['commandResult'] as PulumiResult)
    : undefined;
}

/** Whether a run failed because the backend has no such stack. */
export function isStackMissing(result: PulumiResult): boolean {
  return result.exitCode === STACK_NOT_FOUND || commandError(result) instanceof StackNotFoundError;
}

/** Whether a run failed because another one is changing the stack. */
export function isLocked(result: PulumiResult): boolean {
  return commandError(result) instanceof ConcurrentUpdateError;
}

/**
 * The error for a failed run of Pulumi: our own message for known causes, otherwise what the engine reported.
 *
 * @param reported the errors among the engine's events; empty for a command without events, or one that failed before the first.
 */
export function pulumiFailure(
  stack: string,
  result: PulumiResult,
  reported: readonly string[] = [],
): UserError {
  if (isLocked(result)) return lockedError(stack, result);
  if (isStackMissing(result))
    return new UserError(`there is no stack ${stack} yet`, { command: `./switchyard up ${stack}` });
  const damage = DAMAGED_STATE.exec(result.stderr);
  if (damage) {
    return new UserError(
      `Pulumi refuses to read the state of stack ${stack}: its resources are in a wrong order`,
      {
        found: damage[1]!,
        command: `(eval "$(./switchyard env ${stack})" && pulumi state repair)`,
      },
    );
  }
  if (reported.length > 0) return new UserError(reported.join('\n'));
  if (WRONG_PASSPHRASE.test(result.stderr)) {
    return new UserError(`the passphrase of stack ${stack} is not the one its secrets were encrypted with`, {
      where: process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? passphrasePath(stack),
      allowed: 'the passphrase file from your backup, or its path in PULUMI_CONFIG_PASSPHRASE_FILE',
    });
  }
  return new UserError(pulumiMessage(result));
}

/** Pulumi prints its own stack trace with it. */
const DAMAGED_STATE = /snapshot integrity failure[^\n]*?: (resource [^\n]+)/;

/** A wrong passphrase has no exit code or error type of its own, and ends a run before its first event, so only the text identifies it. */
const WRONG_PASSPHRASE = /incorrect passphrase|decrypting|message authentication failed/i;

/** The error if another run holds the stack's lock: the lock's owner, and what to do if that process has ended. */
function lockedError(stack: string, result: PulumiResult): UserError {
  const owners = stackLocks(stack).map(describeOwner);
  return new UserError(`stack ${stack} is being changed by another run`, {
    // The locks of a remote backend cannot be read: there, Pulumi's own message names the owner.
    found: owners.length > 0 ? owners.join(', ') : pulumiMessage(result),
    allowed: 'one run at a time: wait for it to end',
    command: `pulumi cancel --stack ${stack}   # only if that process has ended`,
  });
}

/** Pulumi's own message: standard error from the first `error:` on, without that prefix. */
function pulumiMessage({ stdout, stderr }: PulumiResult): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => /^\s*error:/.test(line));
  return (
    lines
      .slice(first < 0 ? -15 : first)
      .map((line) => line.replace(/^\s*error:\s*/, ''))
      .join('\n') || 'pulumi failed with no output'
  );
}
