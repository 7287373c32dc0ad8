/** The edge's configuration, from its template and the stack's settings. */
import { CONNECTIONS, FRONT_CONNECTIONS, GATEWAY_PLACES, MOST_REPLICAS } from '../schema/edge-limits.ts';

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

/** Connections kept open between the two processes for the next request. They hold no buffer. */
const IDLE_SOCKETS = 64;

/**
 * What a request without a valid key is told; `guard.py` says the same. As it stands in a JSON text, and without an apostrophe, which
 * HAProxy cannot have inside a quoted word.
 */
export const NO_KEY =
  'Missing or wrong API key. Send the key of this gateway as \\"Authorization: Bearer …\\" or \\"x-api-key: …\\".';

/**
 * Fills in the templates of `runtimes/edge/programs`.
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
