/** What `smoke` asks of a stack. Pure. */
import type { ClientProvider, ClientView } from './opencode-files.ts';
import type { Plan } from '../plan/plan-types.ts';
import { MOCK_ALIAS } from '../schema/catalog-schema.ts';
import type { SmokeTarget } from '../schema/outputs-schema.ts';

/**
 * Layer 1: each direct provider. Layer 2: the gateway, with one alias of each maker that it serves. Layer 3: Portkey.
 */
export function probes(view: ClientView, plan: Plan): SmokeTarget[] {
  return view.providers
    .flatMap((provider) =>
      provider.layer === 2 ? throughGateway(provider, view, plan) : [probe(provider, view)],
    )
    .sort((a, b) => a.layer - b.layer);
}

function probe(provider: ClientProvider, view: ClientView): SmokeTarget {
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
  const makers = new Map<string, string>();
  for (const { id } of gateway.models) {
    const maker = plan.served.find(({ alias }) => alias === id)?.provider ?? '';
    if (!makers.has(maker)) makers.set(maker, id);
  }
  // Without any account the mock is what there is to try.
  if (makers.size > 1) makers.delete(MOCK_ALIAS);
  if (makers.size === 0) return [probe(gateway, view)];
  return [...makers.values()].map((model) => {
    const key = plan.served.find(({ alias }) => alias === model)?.deployments[0]?.keyName;
    return { layer: 2, provider: gateway.id, model, ...(key ? { key } : {}) };
  });
}
