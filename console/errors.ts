/** Errors for users: what is wrong, where, what is allowed, and the command that fixes it. */

/** The optional parts of a {@link UserError} beside its message. */
export interface UserErrorFields {
  /** File, setting, port or container in which it was found. */
  where?: string;
  /** What was found there. */
  found?: string;
  /** What is allowed instead. */
  allowed?: string | readonly string[];
  /** The command that fixes it, ready to paste. */
  command?: string;
  /** The lower-level message, where it says more. */
  cause?: unknown;
}

/** A user's mistake or a problem of the machine: printed without a stack trace. */
export class UserError extends Error {
  readonly where?: string | undefined;
  readonly found?: string | undefined;
  readonly allowed?: string | readonly string[] | undefined;
  readonly command?: string | undefined;

  constructor(message: string, fields: UserErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'UserError';
    this.where = fields.where;
    this.found = fields.found;
    this.allowed = fields.allowed;
    this.command = fields.command;
  }

  /** The form that `--json` prints under `error`. */
  toJSON(): Record<string, unknown> {
    const { message, where, found, allowed, command } = this;
    return { message, where, found, allowed, command };
  }
}

/**
 * The value of a read result.
 *
 * @throws UserError with the reason if reading was refused.
 */
export function unlessRefused<T>(read: { value: T } | { refusal: UserErrorFields & { message: string } }): T {
  if ('refusal' in read) throw new UserError(read.refusal.message, read.refusal);
  return read.value;
}

/** The user has interrupted the work. Not a failure: it is printed without "error:". */
export class Interrupted extends UserError {
  /** The exit code that tells shells that a signal ended the command: 130 after Ctrl-C. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 130, fields: UserErrorFields = {}) {
    super(message, fields);
    this.name = 'Interrupted';
    this.exitCode = exitCode;
  }
}

/** The plain text of an error: its message, then one indented line per field. */
export function describeError(error: UserError): string {
  const allowed = typeof error.allowed === 'string' ? error.allowed : error.allowed?.join(', ');
  const lines = [error instanceof Interrupted ? error.message : `error: ${error.message}`];
  if (error.where) lines.push(`  where:   ${error.where}`);
  if (error.found) lines.push(`  found:   ${error.found}`);
  if (allowed) lines.push(`  allowed: ${allowed}`);
  if (error.command) lines.push(`  fix:     ${error.command}`);
  return lines.join('\n');
}

/** Messages for system errors that need no stack trace either, by code. */
const SYSTEM_ERRORS: Record<string, string> = {
  ENOSPC: 'no space left on the disk',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EDQUOT: 'the disk quota is used up',
};

/** A {@link UserError} for `error` if it is one or a known system error; undefined for bugs of our own. */
export function toUserError(error: unknown): UserError | undefined {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const message = SYSTEM_ERRORS[String(error.code)];
  if (message === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  return new UserError(message, { cause: error, found: error.message, ...(path ? { where: path } : {}) });
}
