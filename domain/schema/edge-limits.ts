/** The edge's limits: gateways, connections, memory. */

/** The most gateways of a stack (`replicas` in its settings). A constant, so that a change of `replicas` does not change the edge. */
export const MOST_REPLICAS = 8;

/**
 * Server slots of the edge: the most gateways that it can know at once. While all gateways are replaced, old and new ones run side by
 * side, and an old one occupies its slot until it has drained. The extra slot is for one whose removal the edge notices late.
 */
export const SERVER_SLOTS = 2 * MOST_REPLICAS + 1;

/**
 * Memory limit of the edge, in MiB. It allows for the worst case, a large request on every connection; typical use is 60 MiB.
 */
export const EDGE_MEMORY_MB = 2048;

/** Memory of its two processes before the first request, in MiB, with some reserve. */
export const EDGE_BASE_MB = 96;

/** The most memory of a connection in `haproxy.cfg`, in MiB: see docs/edge.md. */
export const CONNECTION_MB = 5;

/** The most client connections at once, with or without a key. Further ones wait in the kernel until one closes. */
export const FRONT_CONNECTIONS = 6000;

/** The most memory of a connection in `front.cfg`, in MiB: two buffers of 32 KiB and its own state. See docs/edge.md. */
export const FRONT_CONNECTION_MB = 0.07;

/** The most requests at once in `haproxy.cfg`. Further ones are queued in `front.cfg`. */
export const CONNECTIONS = Math.floor(
  (EDGE_MEMORY_MB - EDGE_BASE_MB - FRONT_CONNECTIONS * FRONT_CONNECTION_MB) / CONNECTION_MB,
);
