/** What a failed run of Pulumi means: by its exit code, by the Automation API's types of errors, by what the engine reported. */
// The module of the types alone: the Automation API as a whole costs a second of CPU, this file nothing.
import * as automationErrors from '@pulumi/pulumi/automation/errors.js';
import { UserError } from '../console/errors.ts';
import type { PulumiResult } from './pulumi-process.ts';
import { passphrasePath } from './passphrase.ts';
import { describeHolder, stackLocks } from './stack-lock.ts';

const { ConcurrentUpdateError, StackNotFoundError } = automationErrors;

/** What the Automation API keeps of a run; `toString` becomes the error's message. */
interface CommandResult extends PulumiResult {
  code: number;
  toString: () => string;
}

/** The Automation API's own way from a result to a typed error. Its declarations leave it out. */
const { createCommandError } = automationErrors as unknown as {
  createCommandError: (result: CommandResult) => automationErrors.CommandError;
};

/** The exit code of `pulumi` where there is no such stack. Releases before it was given one end with another: see {@link isStackMissing}. */
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

/** Whether a run failed since the backend has no such stack. */
export function isStackMissing(result: PulumiResult): boolean {
  return result.exitCode === STACK_NOT_FOUND || commandError(result) instanceof StackNotFoundError;
}

/** Whether a run failed since another one is changing the stack. */
export function isLocked(result: PulumiResult): boolean {
  return commandError(result) instanceof ConcurrentUpdateError;
}

/**
 * The error for a failed run of Pulumi: a sentence for the known causes, else what the engine reported.
 *
 * @param reported the errors among the engine's events; none for a command that has no events, or that failed before the first.
 */
export function pulumiFailure(
  stack: string,
  result: PulumiResult,
  reported: readonly string[] = [],
): UserError {
  if (isLocked(result)) return lockedError(stack, result);
  if (isStackMissing(result))
    return new UserError(`there is no stack ${stack} yet`, { command: `./switchyard up ${stack}` });
  if (reported.length > 0) return new UserError(reported.join('\n'));
  if (WRONG_PASSPHRASE.test(result.stderr)) {
    return new UserError(`the passphrase of stack ${stack} is not the one its secrets were encrypted with`, {
      where: process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? passphrasePath(stack),
      allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
    });
  }
  return new UserError(ownWords(result));
}

/** A wrong passphrase has neither an exit code nor a type of its own, and ends a run before its first event: only the text tells it. */
const WRONG_PASSPHRASE = /incorrect passphrase|decrypting|message authentication failed/i;

/** The error while another run holds the stack's lock: who it is, and what to do if it is gone. */
function lockedError(stack: string, result: PulumiResult): UserError {
  const holders = stackLocks(stack).map(describeHolder);
  return new UserError(`stack ${stack} is being changed by another run`, {
    // A backend elsewhere is not looked into: there, Pulumi's own words name the holder.
    found: holders.length > 0 ? holders.join(', ') : ownWords(result),
    allowed: 'one run at a time: wait for it to end',
    command: `pulumi cancel --stack ${stack}   # only if that process is gone`,
  });
}

/** Pulumi's message as it stands: standard error from its `error:` on, which is the tag of a message and no part of it. */
function ownWords({ stdout, stderr }: PulumiResult): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => /^\s*error:/.test(line));
  return (
    lines
      .slice(first < 0 ? -15 : first)
      .map((line) => line.replace(/^\s*error:\s*/, ''))
      .join('\n') || 'pulumi failed without a word'
  );
}
