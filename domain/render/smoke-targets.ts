/** The requests that `smoke` makes to a stack. Pure. */
import type { ClientProvider, ClientView } from './opencode-files.ts';
import type { Plan } from '../plan/plan-types.ts';
import { MOCK_ALIAS } from '../schema/catalog-schema.ts';
import type { SmokeTarget } from '../schema/outputs-schema.ts';

/**
 * Layer 1: each direct provider. Layer 2: the gateway, with one alias of each provider that it serves. Layer 3: Portkey.
 */
export function smokeTargets(view: ClientView, plan: Plan): SmokeTarget[] {
  return view.providers
    .flatMap((provider) =>
      provider.layer === 2 ? throughGateway(provider, view, plan) : [targetOf(provider, view)],
    )
    .sort((a, b) => a.layer - b.layer);
}

function targetOf(provider: ClientProvider, view: ClientView): SmokeTarget {
  const { id, layer } = provider;
  const model = provider.models[0]?.id ?? '';
  if (provider.off !== undefined) return { layer, provider: id, model, skip: provider.off };
  if (model !== '')
    return { layer, provider: id, model, ...(provider.keyName ? { key: provider.keyName } : {}) };
  return {
    layer,
    provider: id,
    model,
    skip: { reason: 'it has no models', command: `./switchyard models ${view.stack}` },
  };
}

function throughGateway(gateway: ClientProvider, view: ClientView, plan: Plan): SmokeTarget[] {
  const firstAliases = new Map<string, string>();
  for (const { id } of gateway.models) {
    const provider = plan.served.find(({ alias }) => alias === id)?.provider ?? '';
    if (!firstAliases.has(provider)) firstAliases.set(provider, id);
  }
  // The mock is tested only if no provider has a key.
  if (firstAliases.size > 1) firstAliases.delete(MOCK_ALIAS);
  if (firstAliases.size === 0) return [targetOf(gateway, view)];
  return [...firstAliases.values()].map((model) => {
    const key = plan.served.find(({ alias }) => alias === model)?.deployments[0]?.keyName;
    return { layer: 2, provider: gateway.id, model, ...(key ? { key } : {}) };
  });
}
