/**
 * Lanes: named ways to use models (speed, reliability, cost, rare models), written in the catalogue. An agent names one, and is pinned
 * to its provider.
 */
import type { Remedy } from './remedy.ts';
import type { Catalog, Lane } from '../schema/catalog-schema.ts';

/** The client's name for the gateway. */
export const GATEWAY = 'litellm';
/** The client's name for Portkey. */
export const PORTKEY = 'portkey';

/** Which lane an agent takes, and what it asks for there. */
export interface LaneChoice {
  /** A lane of the catalogue. */
  lane: string;
  /** An alias, a route of Portkey or a provider's own model id; the lane's own where not given. */
  model?: string | undefined;
  /** Another of the client's providers than the lane's own. */
  provider?: string | undefined;
}

/** What a lane can choose from: a provider that is on, with the names by which its models go. */
export interface LaneProvider {
  /** The client's name for it. */
  id: string;
  /** Name as asked for (an alias, or the id itself) → the id in the client's file. */
  models: ReadonlyMap<string, string>;
  /** Names that it would serve, and what they want for. */
  leftOut?: Readonly<Record<string, Remedy>>;
}

/** Where a choice leads: opencode's `provider/model`, or why it leads nowhere. */
export type Pinned = { model: string } | { reason: string; provider: string; command?: string };

/**
 * The model that an agent is pinned to. A lane is never left silently: an agent that wants a direct provider does not quietly get the
 * gateway, nor a real model the mock.
 *
 * @param on the providers that the client has a key for.
 */
export function pin(
  choice: LaneChoice,
  lanes: Readonly<Record<string, Lane>>,
  on: readonly LaneProvider[],
): Pinned {
  const lane = lanes[choice.lane];
  if (lane === undefined) {
    return {
      reason: `there is no lane ${choice.lane}; lanes: ${Object.keys(lanes).join(', ')}`,
      provider: '',
    };
  }
  const id = choice.provider ?? lane.provider;
  const wanted = choice.model ?? lane.model;
  const provider = on.find((one) => one.id === id);
  if (provider === undefined) return { reason: `${id} is switched off`, provider: id };
  const model = provider.models.get(wanted);
  if (model === undefined) {
    const lack = provider.leftOut?.[wanted];
    const reason = `${id} does not serve ${wanted}`;
    return lack
      ? { reason: `${reason}: ${lack.reason}`, provider: id, command: lack.command }
      : { reason: `${reason}; it serves ${[...provider.models.keys()].join(', ')}`, provider: id };
  }
  return { model: `${id}/${model}` };
}

/** The part of `provider/model` before the first slash; models have slashes of their own. */
export function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? '';
}

/** The client's names of all its providers: the gateway, and those of the catalogue that a client can talk to. */
export function clientIds(catalog: Catalog): string[] {
  return [GATEWAY, ...Object.values(catalog.providers).flatMap(({ client }) => (client ? [client.id] : []))];
}
