/** The options and the result of `connect`. */
import type { Written } from './write-opencode.ts';

/** Options of `connect`. */
export interface ConnectOptions {
  /** A folder for both files instead of opencode's own folders. */
  dir?: string | undefined;
  /** Write only the gateway's key, no provider keys. */
  gatewayOnly?: boolean | undefined;
  /** The stack's key in the files; by default `default`. */
  key?: string | undefined;
}

/** The result of `connect`, as `--json` prints it. Contains no key. */
export interface Connected extends Written {
  stack: string;
  /** The alias of the stack's key in the files. */
  key?: string;
  /** The stack that the files belonged to before, if that was another one. */
  switchedFrom?: string;
  /** The providers that the client can use now. */
  on: string[];
  /** The providers that it cannot use: these files have no key of theirs, or see `switchedOff`. */
  off: string[];
  /** The client's default model; missing if there is none. */
  model?: string;
  /** A command with which to try it. */
  try: string;
}

/** The result of `connect --off`, as `--json` prints it. */
export interface Disconnected extends Pick<Written, 'files' | 'removed' | 'notes'> {
  client: string;
  /** The stack that the files belonged to; missing if they belonged to none. */
  stack?: string;
}

/** Why a client does not work, or not as its files say. */
export interface Problem {
  what: string;
  /** The command that fixes it, where there is one. */
  command?: string | undefined;
}

/** The result for one client, as `--json` prints it. Contains no key. */
export interface Checked {
  client: string;
  /** The stack that the files belong to; missing if they belong to none. */
  stack?: string;
  /** None if it works. */
  problems: Problem[];
}

/** Client files that were not written, because they belong to another stack. Printed by `--json`. */
export interface LeftAlone {
  /** The client's config file. */
  file: string;
  /** The stack that it belongs to. */
  stack: string;
  /** That stack's endpoint, if known. */
  endpoint?: string;
  /** The command that assigns the files to this stack. */
  command: string;
}

/** Client files that were not written, because the user has taken ours out with `connect --off`. Printed by `--json`. */
export interface StaysOff {
  /** The client's config file. */
  file: string;
  /** The command that writes it again. */
  command: string;
}

/** One of the three. */
export interface ConnectedOrNot {
  connected?: Connected;
  leftAlone?: LeftAlone;
  off?: StaysOff;
}
