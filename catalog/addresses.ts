import type { Settings } from '../stacks/settings-schema.ts';

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
