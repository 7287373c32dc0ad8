/**
 * Lanes: named ways to use models (speed, reliability, cost, rare models), defined in the catalogue. An agent names a lane and is pinned to
 * its provider.
 */
import type { Unavailable } from './unavailable.ts';
import type { Catalog, Lane } from '../schema/catalog-schema.ts';
import type { LaneProvider } from '../schema/outputs-schema.ts';

/** The client's name for the gateway. */
export const GATEWAY = 'litellm';
/** The client's name for Portkey. */
export const PORTKEY = 'portkey';

/** The lane of an agent, and the provider and model that it uses there. */
export interface LaneChoice {
  /** A lane of the catalogue. */
  lane: string;
  /** An alias, a route of Portkey or a provider's own model id; default: the lane's own. */
  model?: string | undefined;
  /** One of the client's other providers; default: the lane's own. */
  provider?: string | undefined;
}

/** The lanes of a stack, and the providers that they can use. */
export interface LaneView {
  /** The stack's name, for commands. */
  stack: string;
  lanes: Readonly<Record<string, Lane>>;
  providers: readonly LaneProvider[];
}

/** opencode's `provider/model` for a choice, or why it is unavailable. */
export type Pinned = { model: string } | Unavailable;

/** The names of the provider and the model for a choice, whether or not they exist; undefined if there is no such lane. */
export function destination(
  { lane: name, provider, model }: LaneChoice,
  lanes: Readonly<Record<string, Lane>>,
): { provider: string; model: string } | undefined {
  const lane = Object.hasOwn(lanes, name) ? lanes[name] : undefined;
  return lane && { provider: provider ?? lane.provider, model: model ?? lane.model };
}

/**
 * The model that an agent is pinned to. Only this function decides it: the Pulumi program calls it to render opencode.json, and the command
 * `agents` calls it with the lanes in the stack's outputs. Nothing is substituted silently: an agent with a direct provider never gets the
 * gateway instead, and an agent with a real model never gets the mock.
 */
export function pin(choice: LaneChoice, { stack, lanes, providers }: LaneView): Pinned {
  const chosen = destination(choice, lanes);
  if (chosen === undefined) {
    const known = Object.keys(lanes).join(', ') || 'none';
    return {
      reason: `${stack} has no lane ${choice.lane}; lanes: ${known}`,
      command: `./switchyard up ${stack}`,
    };
  }
  const { provider: id, model: name } = chosen;
  const provider = providers.find((one) => one.id === id);
  // The catalogue got this provider after the stack's last `up`.
  if (provider === undefined)
    return { reason: `${stack} has no provider ${id} yet`, command: `./switchyard up ${stack}` };
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

/** The part of `provider/model` before the first slash; the model may contain slashes too. */
export function providerOf(model: string): string {
  return model.split('/', 1)[0] ?? '';
}

/** The client's names of all its providers: the gateway, and the catalogue's providers that a client can call. */
export function clientIds(catalog: Catalog): string[] {
  return [GATEWAY, ...Object.values(catalog.providers).flatMap(({ client }) => (client ? [client.id] : []))];
}
