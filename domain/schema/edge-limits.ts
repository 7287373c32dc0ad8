/** The edge's capacity: gateways, connections, memory. */

/** The maximum number of gateways of a stack (`replicas` in its settings). A constant, so that a change of `replicas` does not replace the edge. */
export const MAX_REPLICAS = 8;

/**
 * HAProxy server slots: the maximum number of gateways that the edge knows at once. While all gateways are replaced, old and new ones run
 * side by side, and an old one keeps its slot until it has drained. One more slot is for a gateway that HAProxy removes late.
 */
export const SERVER_SLOTS = 2 * MAX_REPLICAS + 1;

/**
 * HAProxy server slots for the stack's own Portkey. There is one container of it, and a second one while it is replaced; a container that was
 * removed keeps its slot for a few seconds. With two slots, a second replacement in that time would have none.
 */
export const PORTKEY_SLOTS = 4;

/** Maximum number of headers of a request or of a response. LiteLLM passes on the headers of a provider, and adds its own. */
export const MAX_HEADERS = 1000;

/** Memory limit of the edge, in MiB. It covers the worst case, in which every connection has a large request; in daily use the edge takes 60 MiB. */
export const EDGE_MEMORY_MB = 2048;

/** Memory of the edge's two processes before the first request, in MiB, with a margin. */
export const EDGE_BASE_MB = 96;

/** Maximum memory of a connection in `haproxy.cfg`, in MiB: see docs/edge.md. */
export const CONNECTION_MB = 5;

/** Maximum number of client connections at once, with or without a key. Further ones wait in the kernel until one ends. */
export const FRONT_CONNECTIONS = 6000;

/** Maximum memory of a connection in `front.cfg`, in MiB: two buffers of 32 KiB and the connection's state. See docs/edge.md. */
export const FRONT_CONNECTION_MB = 0.07;

/** Maximum number of requests in `haproxy.cfg` at once; further ones are queued in `front.cfg`. */
export const CONNECTIONS = Math.floor(
  (EDGE_MEMORY_MB - EDGE_BASE_MB - FRONT_CONNECTIONS * FRONT_CONNECTION_MB) / CONNECTION_MB,
);
