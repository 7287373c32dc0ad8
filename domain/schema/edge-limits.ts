/** How much the edge is made for: gateways, connections, memory. */

/** As many gateways as a stack can have (`replicas` in its settings). A constant: changing their number leaves the edge alone. */
export const MOST_REPLICAS = 8;

/**
 * As many gateways as the edge can know at once. While all are replaced the old and the new ones stand side by side, and an old
 * one keeps its place until it has drained; one that is forgotten late has a place of its own.
 */
export const SERVER_SLOTS = 2 * MOST_REPLICAS + 1;

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
