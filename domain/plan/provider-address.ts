/** Where a stack's gateways and clients reach a provider. */
import type { Settings } from '../schema/settings-schema.ts';
import type { Provider } from '../schema/catalog-schema.ts';

/**
 * The address that a stack's settings give for a provider; undefined where they give none.
 *
 * @param side who is to call it: the stack's gateways, or clients directly.
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
 * The address that everything inside a stack asks a provider at: the settings' one, else the catalogue's `gatewayBaseUrl`, else its
 * `baseUrl`. There always is one: no program's own default may decide where prompts and keys go.
 */
export function gatewayAddress(settings: Settings, id: string, provider: Provider): string {
  const address = givenUrl(settings, id, 'gateway') ?? provider.gatewayBaseUrl ?? provider.baseUrl;
  return address.replace(/\/+$/, '');
}
