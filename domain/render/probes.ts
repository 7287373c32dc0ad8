/** What `smoke` and `agents` need to know of a stack beside the client's files: no key is in it. Pure. */
import { type ClientProvider, type ClientView, laneProvider } from './opencode-files.ts';
import type { Plan } from '../plan/plan-types.ts';
import type { Remedy } from '../plan/remedy.ts';
import { MOCK_ALIAS } from '../schema/catalog-schema.ts';

/** One request, or why there is none. */
export interface Probe {
  layer: 1 | 2 | 3;
  /** The client's name of the provider. */
  provider: string;
  /** The model in the client's file; '' where there is none. */
  model: string;
  /** The name of the secret that holds the key of whoever answers; absent where none is needed. */
  key?: string;
  /** Absent where the request can be made. */
  skip?: Remedy;
}

/** A provider of the client as the lanes see it. */
export interface LaneEntry {
  id: string;
  /** Why the client has no key for it; absent where it has. */
  off?: Remedy;
  /** The names by which its models go → their ids in the client's file. */
  models: Record<string, string>;
  /** Names that it would serve, and what they want for. */
  leftOut?: Readonly<Record<string, Remedy>>;
}

/** Everything for {@link probes} and lanes in one. */
export interface ClientGuide {
  probes: Probe[];
  lanes: LaneEntry[];
}

/** The guide to a stack's client files. */
export function clientGuide(view: ClientView, plan: Plan): ClientGuide {
  return {
    probes: probes(view, plan),
    lanes: view.providers.map((provider) => ({
      id: provider.id,
      ...(provider.off ? { off: provider.off } : {}),
      models: Object.fromEntries(laneProvider(provider).models),
      ...(provider.leftOut ? { leftOut: provider.leftOut } : {}),
    })),
  };
}

/**
 * Layer 1: each direct provider. Layer 2: the gateway, with one alias of each maker that it serves. Layer 3: Portkey.
 */
export function probes(view: ClientView, plan: Plan): Probe[] {
  return view.providers
    .flatMap((provider) =>
      provider.layer === 2 ? throughGateway(provider, view, plan) : [probe(provider, view)],
    )
    .sort((a, b) => a.layer - b.layer);
}

function probe(provider: ClientProvider, view: ClientView): Probe {
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

function throughGateway(gateway: ClientProvider, view: ClientView, plan: Plan): Probe[] {
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
