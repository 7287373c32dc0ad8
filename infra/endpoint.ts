import { isIPv6 } from 'node:net';

/** Wildcard addresses, and what a client calls instead: a server can listen on them, but not every client can connect to them. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * The address of a server for a client on this machine: `http://<address>:<port>`, without a path.
 *
 * @param bind the address that the server listens on.
 */
export function endpointOf(bind: string, port: number): string {
  const address = EVERY_ADDRESS[bind] ?? bind;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
