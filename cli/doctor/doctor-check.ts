/** One thing the doctor looked at. */
export interface Check {
  name: string;
  /** False where something lacks. */
  ok: boolean;
  /** What was found, in a few words. */
  detail: string;
  /** The command that brings what lacks. */
  command?: string;
  /** Nice to have: its lack fails nothing. */
  optional?: boolean;
}

/** A {@link Check} that went well. */
export function good(name: string, detail: string): Check {
  return { name, ok: true, detail };
}

/** A {@link Check} that did not. */
export function bad(name: string, detail: string, command?: string): Check {
  return { name, ok: false, detail, ...(command ? { command } : {}) };
}
