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
 * Memory limit of the edge, in MiB. A bound for the worst case, in which every connection holds a large request; it has 60 MiB
 * in daily use.
 */
export const EDGE_MEMORY_MB = 2048;
/** What its two processes take before the first request, in MiB, and some to spare. */
export const EDGE_BASE_MB = 96;
/** The most that a connection takes in `haproxy.cfg`, in MiB: see docs/edge.md. */
export const CONNECTION_MB = 5;
/** Connections that clients can have at once, with or without a key. Further ones wait in the kernel until one ends. */
export const FRONT_CONNECTIONS = 6000;
/** The most that a connection takes in `front.cfg`, in MiB: two buffers of 32 KiB, and its own state. See docs/edge.md. */
export const FRONT_CONNECTION_MB = 0.07;

/** Requests that `haproxy.cfg` has room for at once; further ones wait in `front.cfg`. */
export const CONNECTIONS = Math.floor(
  (EDGE_MEMORY_MB - EDGE_BASE_MB - FRONT_CONNECTIONS * FRONT_CONNECTION_MB) / CONNECTION_MB,
);

/** Connections kept open between the two processes for the next request. They hold no buffer. */
const IDLE_SOCKETS = 64;

/**
 * What a request without a valid key is told; `guard.py` says the same. As it stands in a JSON text, and without an apostrophe, which
 * HAProxy cannot have inside a quoted word.
 */
export const NO_KEY =
  'Missing or wrong API key. Send the key of this gateway as \\"Authorization: Bearer …\\" or \\"x-api-key: …\\".';

/**
 * Fills in the templates of `config-templates/edge`.
 *
 * @param settings the stack's settings.
 * @param files the folder's files; a name in braces, `${holdSeconds}`, becomes the value.
 * @returns the same files, ready to use.
 * @throws Error for a name that does not exist: a mistake in the template, named with its file.
 */
export function renderEdge(settings: EdgeSettings, files: readonly EdgeFile[]): EdgeFile[] {
  const values: Readonly<Record<string, number | string>> = {
    holdSeconds: settings.holdSeconds,
    maxBodyMb: settings.maxBodyMb,
    maxBodyBytes: settings.maxBodyMb * 1024 * 1024,
    gatewayPlaces: GATEWAY_PLACES,
    retries: MOST_REPLICAS + 4,
    connections: CONNECTIONS,
    edgeSockets: CONNECTIONS + IDLE_SOCKETS,
    frontConnections: FRONT_CONNECTIONS,
    keptConnections: Math.floor(FRONT_CONNECTIONS / 2),
    noKey: NO_KEY,
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
