import { endpointOf } from '../infra/endpoint.ts';
import type { Inputs } from '../stacks/load.ts';
import { unavailableSentences } from './newly-unavailable.ts';

/** Describes a stack that is not deployed yet. Pure. */
export function describeNewStack({ settings, plan }: Inputs): string[] {
  const served = plan.served.map((model) => model.alias);
  const chains = Object.entries(plan.fallbacks);
  return [
    `${settings.stack} is new: its address will be ${endpointOf(settings.bind, settings.port)}, gateways: ${settings.replicas}`,
    `it serves ${served.join(', ') || 'no model yet'}`,
    ...unavailableSentences(plan.unavailable),
    ...chains.map(([alias, chain]) => `${alias} falls back to ${chain.join(', ')}`),
  ];
}
