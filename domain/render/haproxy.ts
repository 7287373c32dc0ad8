/** Renders the edge's configuration from its templates and the stack's settings. */
import {
  CONNECTIONS,
  FRONT_CONNECTIONS,
  MAX_HEADERS,
  MAX_REPLICAS,
  PORTKEY_SLOTS,
  SERVER_SLOTS,
} from '../schema/edge-limits.ts';
import { edgeErrors, INVALID_KEY_MESSAGE } from './edge-errors.ts';

/** The settings of a stack that the edge depends on. */
export interface EdgeSettings {
  /** How long a request is queued while no gateway is ready, in seconds. */
  queueTimeoutSeconds: number;
  /** The maximum size of a request, in MiB. */
  maxBodyMb: number;
  /** The origins whose pages may call the gateway from a browser: `https://app.example`, or `*` for all. None if empty. */
  cors: { origins: readonly string[] };
}

/** A file for the edge's container. */
interface EdgeFile {
  path: string;
  content: string;
}

/** Idle connections that the edge's two processes keep open for the next request. They have no buffers. */
const IDLE_SOCKETS = 64;

/**
 * Old names in the templates of earlier releases, with their current ones. To compare a pull request with its base, `preview` renders the
 * base's templates with this code.
 */
const OLD_NAMES: Readonly<Record<string, string>> = {
  allConnections: 'maxConnections',
  edgeSockets: 'maxSockets',
  gatewayPlaces: 'serverSlots',
  holdSeconds: 'queueTimeoutSeconds',
  keptConnections: 'keepAliveConnections',
  noKey: 'invalidKeyMessage',
};

/**
 * Fills in the templates in `runtimes/edge/programs`.
 *
 * @param settings the stack's settings.
 * @param files the folder's files; a name in braces, e.g. `${queueTimeoutSeconds}`, is replaced by its value.
 * @returns the same files with all names replaced.
 * @throws Error if a template uses an unknown name; the message has the file and the allowed names.
 */
export function renderEdge(settings: EdgeSettings, files: readonly EdgeFile[]): EdgeFile[] {
  const values: Readonly<Record<string, number | string>> = {
    queueTimeoutSeconds: settings.queueTimeoutSeconds,
    maxBodyBytes: settings.maxBodyMb * 1024 * 1024,
    serverSlots: SERVER_SLOTS,
    retries: MAX_REPLICAS + 4,
    connections: CONNECTIONS,
    maxSockets: CONNECTIONS + IDLE_SOCKETS,
    frontConnections: FRONT_CONNECTIONS,
    keepAliveConnections: Math.floor(FRONT_CONNECTIONS / 2),
    portkeySlots: PORTKEY_SLOTS,
    maxHeaders: MAX_HEADERS,
    cors: corsRules(settings.cors.origins),
    ...edgeErrors(settings),
    // Only templates of earlier releases use these two.
    maxBodyMb: settings.maxBodyMb,
    invalidKeyMessage: JSON.stringify(INVALID_KEY_MESSAGE).slice(1, -1),
    // A queued request has a second connection inside the edge.
    maxConnections: 2 * CONNECTIONS + 100,
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

/**
 * The rules for browsers. A preflight has no key, so the edge answers it itself. Browsers show a response only to pages of the origin that it
 * names.
 */
function corsRules(origins: readonly string[]): string {
  if (origins.length === 0) return '# It names no origin.';
  const match = origins.includes('*') ? '-m found' : `-m str ${origins.join(' ')}`;
  return [
    `http-request set-var(txn.origin) req.hdr(origin) if { req.hdr(origin) ${match} }`,
    'acl is_preflight req.hdr(access-control-request-method) -m found',
    'http-request return status 204 hdr access-control-allow-methods "GET, POST" hdr access-control-allow-headers "%[req.fhdr(access-control-request-headers)]" hdr access-control-max-age 600 if METH_OPTIONS is_preflight { var(txn.origin) -m found }',
    'http-after-response set-header access-control-allow-origin %[var(txn.origin)] if { var(txn.origin) -m found }',
    `http-after-response set-header access-control-expose-headers "${EXPOSED}" if { var(txn.origin) -m found }`,
    'http-after-response add-header vary origin if { var(txn.origin) -m found }',
  ].join('\n    ');
}

/** The headers of a response that a page may read. */
const EXPOSED = 'x-request-id, retry-after, x-switchyard-cache';
