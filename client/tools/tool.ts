/** A client other than opencode: which files it reads, and what a user must know of them. */
import type { GatewayAccess, RenderedFile } from '../../domain/render/gateway-access.ts';
import type { Content } from '../managed-values.ts';

/** Where a client is set up. */
export interface Place {
  /** The user's home folder. */
  home: string;
  /** The environment, with the variables that move a client's files or outrank them. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** A folder for all of its files instead of its own ones. */
  dir?: string | undefined;
}

/** A client in a {@link Place}. */
export interface Tool {
  /** Our record of what we wrote there. */
  record: string;
  /** What its files should contain of ours. */
  files(access: GatewayAccess): RenderedFile[];
  /** The program, as it is found on the PATH. */
  program: string;
  /** The command that installs it. */
  install: string;
  /** A command that tries it. */
  tryIt: string;
  /**
   * What outranks our values, so that the client would not use the gateway, or not only.
   *
   * @param users the user's own content of a file, by path.
   */
  conflicts(access: GatewayAccess, users: (path: string) => Content): string[];
}
