/** Renders the edge's configuration from its templates and the stack's settings. */
import { CONNECTIONS, FRONT_CONNECTIONS, SERVER_SLOTS, MOST_REPLICAS } from '../schema/edge-limits.ts';

/** The settings that the edge depends on. */
export interface EdgeSettings {
  /** How long a request is queued while no gateway is ready, in seconds. */
  queueTimeoutSeconds: number;
  /** The largest request, in MiB. */
  maxBodyMb: number;
}

/** A file for the edge's container. */
interface EdgeFile {
  path: string;
  content: string;
}

/** Idle connections between the two processes, kept open for the next request. They have no buffers. */
const IDLE_SOCKETS = 64;

/**
 * The error message for a request without a valid key; `guard.py` has the same one. It is escaped for JSON, and has no apostrophe, which
 * HAProxy does not allow inside a quoted word.
 */
export const NO_KEY =
  'Missing or wrong API key. Send the key of this gateway as \\"Authorization: Bearer …\\" or \\"x-api-key: …\\".';

/**
 * Names in the templates of earlier releases and their present ones. For a pull request, `preview` renders the base's templates with this
 * code, to compare the two.
 */
const OLD_NAMES: Readonly<Record<string, string>> = {
  holdSeconds: 'queueTimeoutSeconds',
  gatewayPlaces: 'serverSlots',
};

/**
 * Fills in the templates of `runtimes/edge/programs`.
 *
 * @param settings the stack's settings.
 * @param files the folder's files; a name in braces, `${queueTimeoutSeconds}`, is replaced by its value.
 * @returns the same files, ready to use.
 * @throws Error for a name that does not exist, with the template's file.
 */
export function renderEdge(settings: EdgeSettings, files: readonly EdgeFile[]): EdgeFile[] {
  const values: Readonly<Record<string, number | string>> = {
    queueTimeoutSeconds: settings.queueTimeoutSeconds,
    maxBodyMb: settings.maxBodyMb,
    maxBodyBytes: settings.maxBodyMb * 1024 * 1024,
    serverSlots: SERVER_SLOTS,
    retries: MOST_REPLICAS + 4,
    connections: CONNECTIONS,
    edgeSockets: CONNECTIONS + IDLE_SOCKETS,
    frontConnections: FRONT_CONNECTIONS,
    keptConnections: Math.floor(FRONT_CONNECTIONS / 2),
    noKey: NO_KEY,
    // A queued request has a second connection inside the edge.
    allConnections: 2 * CONNECTIONS + 100,
  };
  return files.map(({ path, content }) => ({
    path,
    content: content.replace(/\$\{(\w*)\}/g, (_, name: string) => {
      const value = values[OLD_NAMES[name] ?? name];
      if (value === undefined) {
        const allowed = Object.keys(values).join(', ');
        throw new Error(`${path}: unknown name \${${name}}; allowed are ${allowed}`);
      }
      return String(value);
    }),
  }));
}
