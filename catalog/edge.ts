/** The edge's configuration, from its template and the stack's settings. */

/** What of a stack's settings the edge depends on. */
export interface EdgeSettings {
  /** How long a request waits while no gateway is ready, in seconds. */
  holdSeconds: number;
  /** How long an edge that is replaced may finish what is in flight, in seconds. */
  drainSeconds: number;
  /** The largest request, in MiB. */
  maxBodyMb: number;
}

/** A file for the edge's container. */
interface EdgeFile {
  path: string;
  content: string;
}

/**
 * Fills in the templates of `config-templates/edge`.
 *
 * @param settings the stack's settings.
 * @param files the folder's files; a name in braces, `${holdSeconds}`, becomes the value.
 * @returns the same files, ready to use.
 * @throws Error for a name that does not exist: a mistake in the template, named with its file.
 */
export function renderEdge(settings: EdgeSettings, files: readonly EdgeFile[]): EdgeFile[] {
  const values: Readonly<Record<string, number>> = {
    holdSeconds: settings.holdSeconds,
    drainSeconds: settings.drainSeconds,
    maxBodyMb: settings.maxBodyMb,
    maxBodyBytes: settings.maxBodyMb * 1024 * 1024,
  };
  return files.map(({ path, content }) => ({
    path,
    content: content.replace(/\$\{(\w*)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) {
        const allowed = Object.keys(values).join(', ');
        throw new Error(`${path}: unknown name \${${name}}; allowed are ${allowed}`);
      }
      return String(value);
    }),
  }));
}
