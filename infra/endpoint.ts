import { isIPv6 } from 'node:net';

/** Addresses that mean "every one of this machine": a server listens there, but a client cannot call them everywhere. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Where a client on this machine reaches a server: `http://<address>:<port>`, without a path.
 *
 * @param bind the address that the server listens on.
 */
export function endpointOf(bind: string, port: number): string {
  const address = EVERY_ADDRESS[bind] ?? bind;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
