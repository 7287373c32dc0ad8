import { endpointOf } from '../infra/endpoint.ts';
import type { Inputs } from '../stacks/load.ts';
import { leftOutSentences } from './newly-left-out.ts';

/** Sentences about a stack that has nothing deployed yet. Pure. */
export function newStackMeanings({ settings, plan }: Inputs): string[] {
  const served = plan.served.map((model) => model.alias);
  const chains = Object.entries(plan.fallbacks);
  return [
    `${settings.stack} is new: it comes up at ${endpointOf(settings.bind, settings.port)}, gateways: ${settings.replicas}`,
    `it serves ${served.join(', ') || 'no model yet'}`,
    ...leftOutSentences(plan.unavailable),
    ...chains.map(([alias, chain]) => `${alias} falls back to ${chain.join(', ')}`),
  ];
}
