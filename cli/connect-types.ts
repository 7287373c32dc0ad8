/** What `connect` is asked for, and what it has done. */
import type { Written } from '../client/write-files.ts';

/** Options of `connect`. */
export interface ConnectOptions {
  /** A folder for both files instead of opencode's own. */
  dir?: string | undefined;
  /** Only the gateway's key, none of a provider's. */
  gatewayOnly?: boolean | undefined;
}

/** What `connect` has done, as `--json` prints it. Holds no key. */
export interface Connected extends Written {
  stack: string;
  /** The stack that the files belonged to before, if that was another one. */
  switchedFrom?: string;
  /** The providers that the client can use now. */
  on: string[];
  /** Those that it cannot: for want of a key, or as `switchedOff` says. */
  off: string[];
  /** The client's default model; absent where there is none. */
  model?: string;
  /** A command with which to try it. */
  try: string;
}
