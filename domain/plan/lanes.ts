/**
 * Lanes: named ways to use models (speed, reliability, cost, rare models), written in the catalogue. An agent names one, and is pinned
 * to its provider.
 */
import type { Unavailable } from './unavailable.ts';
import type { Catalog, Lane } from '../schema/catalog-schema.ts';
import type { LaneProvider } from '../schema/outputs-schema.ts';

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

/** What lanes lead to in a stack. */
export interface LaneView {
  /** The stack's name, for commands. */
  stack: string;
  lanes: Readonly<Record<string, Lane>>;
  providers: readonly LaneProvider[];
}

/** Where a choice leads: opencode's `provider/model`, or why it leads nowhere and the command that changes that. */
export type Pinned = { model: string } | Unavailable;

/** The provider and the model that a choice names, as they are written; undefined where there is no such lane. */
export function destination(
  { lane: name, provider, model }: LaneChoice,
  lanes: Readonly<Record<string, Lane>>,
): { provider: string; model: string } | undefined {
  const lane = Object.hasOwn(lanes, name) ? lanes[name] : undefined;
  return lane && { provider: provider ?? lane.provider, model: model ?? lane.model };
}

/**
 * The model that an agent is pinned to. The one place where that is decided: for opencode.json in the Pulumi program, and for `agents`
 * from what the program wrote into the outputs. A lane is never left silently: an agent that wants a direct provider does not quietly
 * get the gateway, nor a real model the mock.
 */
export function pin(choice: LaneChoice, { stack, lanes, providers }: LaneView): Pinned {
  const wanted = destination(choice, lanes);
  if (wanted === undefined) {
    const known = Object.keys(lanes).join(', ') || 'none';
    return {
      reason: `${stack} has no lane ${choice.lane}; lanes: ${known}`,
      command: `./switchyard up ${stack}`,
    };
  }
  const { provider: id, model: name } = wanted;
  const provider = providers.find((one) => one.id === id);
  // It came into the catalogue after the stack's last `up`.
  if (provider === undefined)
    return { reason: `${stack} has no ${id} yet`, command: `./switchyard up ${stack}` };
  if (provider.off !== undefined) return { ...provider.off, reason: `${id}: ${provider.off.reason}` };
  const model = Object.hasOwn(provider.models, name) ? provider.models[name] : undefined;
  if (model !== undefined) return { model: `${id}/${model}` };
  const missing =
    provider.leftOut && Object.hasOwn(provider.leftOut, name) ? provider.leftOut[name] : undefined;
  const reason = `${id} does not serve ${name}`;
  if (missing !== undefined) return { ...missing, reason: `${reason}: ${missing.reason}` };
  const served = Object.keys(provider.models).join(', ') || 'nothing';
  return { reason: `${reason}; it serves ${served}`, command: `./switchyard models ${stack}` };
}

/** The part of `provider/model` before the first slash; models have slashes of their own. */
export function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? '';
}

/** The client's names of all its providers: the gateway, and those of the catalogue that a client can talk to. */
export function clientIds(catalog: Catalog): string[] {
  return [GATEWAY, ...Object.values(catalog.providers).flatMap(({ client }) => (client ? [client.id] : []))];
}
