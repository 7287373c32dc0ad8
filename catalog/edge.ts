/** The edge's configuration, from its template and the stack's settings. */

/** What of a stack's settings the edge depends on. */
export interface EdgeSettings {
  /** How long a request waits while no gateway is ready, in seconds. */
  holdSeconds: number;
  /** The largest request, in MiB. */
  maxBodyMb: number;
}

/** A file for the edge's container. */
interface EdgeFile {
  path: string;
  content: string;
}

/** As many gateways as a stack can have (`replicas` in its settings). A constant: changing their number leaves the edge alone. */
export const MOST_REPLICAS = 8;

/**
 * As many gateways as the edge can know at once. While all are replaced the old and the new ones stand side by side, and an old
 * one keeps its place until it has drained; one that is forgotten late has a place of its own.
 */
export const GATEWAY_PLACES = 2 * MOST_REPLICAS + 1;

/**
 * Memory limit of the edge, in MiB. A bound for the worst case, in which every connection holds a large request; it has 40 MiB
 * in daily use.
 */
export const EDGE_MEMORY_MB = 2048;
/** What it takes before the first request, in MiB, and some to spare. */
export const EDGE_BASE_MB = 64;
/** The most that a connection takes, in MiB: see docs/edge.md. */
export const CONNECTION_MB = 5;

/** As many connections as there is room for; further ones wait in the kernel until one ends. */
export const CONNECTIONS = Math.floor((EDGE_MEMORY_MB - EDGE_BASE_MB) / CONNECTION_MB);

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
    maxBodyMb: settings.maxBodyMb,
    maxBodyBytes: settings.maxBodyMb * 1024 * 1024,
    gatewayPlaces: GATEWAY_PLACES,
    retries: MOST_REPLICAS + 4,
    connections: CONNECTIONS,
    keptConnections: Math.floor(CONNECTIONS / 2),
    // A request that waits has a second one inside the edge.
    allConnections: 2 * CONNECTIONS + 100,
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
