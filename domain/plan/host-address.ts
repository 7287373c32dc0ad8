/** Addresses of servers on the machine that runs the containers. Pure. */

/** The name by which a stack's containers reach that machine. On Linux too: their hosts file has it. */
export const HOST_NAME = 'host.docker.internal';

/** Names that hosts files give to the machine itself. All names below `.localhost` mean it too. */
const LOCAL_NAMES = new Set([
  ...['localhost', 'localhost4', 'localhost6', 'localhost.localdomain', 'localhost4.localdomain4'],
  ...['localhost6.localdomain6', 'ip6-localhost', 'ip6-loopback', 'loopback'],
]);

/**
 * IPv4's 127.0.0.0/8 and 0.0.0.0, and the same in IPv6: `::1`, `::`, `::ffff:127.0.0.1`, `::127.0.0.1`. A URL has them in one spelling:
 * `127.1`, `0x7f000001` and `2130706433` become `127.0.0.1`.
 */
const LOCAL_ADDRESS =
  /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::(?:ffff:)?(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\])$/;

/**
 * The address at which a container reaches a server whose address means "this machine": in a container that is the container itself.
 *
 * @param address a URL.
 * @returns the same URL with {@link HOST_NAME}; undefined if it does not mean this machine, or is no URL.
 */
export function addressFromContainer(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname } = new URL(address);
  const name = hostname.replace(/\.$/, '');
  if (!LOCAL_NAMES.has(name) && !name.endsWith('.localhost') && !LOCAL_ADDRESS.test(name)) return undefined;
  return address.replace(/^([a-z]+:\/\/)(?:\[[^\]]*\]|[^:/]*)/i, `$1${HOST_NAME}`);
}
