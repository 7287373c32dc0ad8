/** The result of one check. */
export interface Check {
  name: string;
  /** False if there is a problem. */
  ok: boolean;
  /** The finding, in a few words. */
  detail: string;
  /** The command that fixes it. */
  command?: string;
  /** A failure of this check does not change the exit code. */
  optional?: boolean;
}

/** A passed {@link Check}. */
export function good(name: string, detail: string): Check {
  return { name, ok: true, detail };
}

/** A failed {@link Check}. */
export function bad(name: string, detail: string, command?: string): Check {
  return { name, ok: false, detail, ...(command ? { command } : {}) };
}
