/** The address of a provider for a stack's gateways and clients. */
import type { Settings } from '../schema/settings-schema.ts';
import type { Provider } from '../schema/catalog-schema.ts';

/**
 * The address of a provider in a stack's settings; undefined where they have none.
 *
 * @param side who calls it: the stack's gateways, or clients directly.
 */
export function givenUrl(
  { baseUrls }: Settings,
  provider: string,
  side: 'gateway' | 'client',
): string | undefined {
  const given = Object.hasOwn(baseUrls, provider) ? baseUrls[provider] : undefined;
  return typeof given === 'string' ? given : given?.[side];
}

/**
 * The address at which everything inside a stack calls a provider: the one in the settings, else the catalogue's `gatewayBaseUrl`, else its
 * `baseUrl`. There is always one, so that no program's own default decides where prompts and keys go.
 */
export function gatewayAddress(settings: Settings, id: string, provider: Provider): string {
  const address = givenUrl(settings, id, 'gateway') ?? provider.gatewayBaseUrl ?? provider.baseUrl;
  return address.replace(/\/+$/, '');
}
