/** The address of a provider for a stack's gateways and clients. */
import type { Settings } from '../schema/settings-schema.ts';
import type { Provider } from '../schema/catalog-schema.ts';

/**
 * The address that a stack's settings configure for a provider; undefined if they have none.
 *
 * @param side who calls it: the stack's gateways, or clients directly.
 */
export function configuredUrl(
  { baseUrls }: Settings,
  provider: string,
  side: 'gateway' | 'client',
): string | undefined {
  const given = Object.hasOwn(baseUrls, provider) ? baseUrls[provider] : undefined;
  return typeof given === 'string' ? given : given?.[side];
}

/**
 * The address at which everything inside a stack calls a provider: the one in the settings, otherwise the catalogue's `gatewayBaseUrl`,
 * otherwise its `baseUrl`. It is always set explicitly, so that no program's own default decides where prompts and keys are sent.
 */
export function gatewayAddress(settings: Settings, id: string, provider: Provider): string {
  const address = configuredUrl(settings, id, 'gateway') ?? provider.gatewayBaseUrl ?? provider.baseUrl;
  return address.replace(/\/+$/, '');
}
