/** The stack's outputs for clients: opencode's files as texts, and the metadata that `smoke` and `agents` need in addition. Pure. */
import type { VirtualKey } from '../plan/key-plan.ts';
import type { Plan } from '../plan/plan-types.ts';
import { type ClientMetadata, type ClientTexts, OUTPUTS_VERSION } from '../schema/outputs-schema.ts';
import { type ClientKeys, type ClientView, laneView, renderAuth, renderOpencode } from './opencode-files.ts';
import { smokeTargets } from './smoke-targets.ts';

/**
 * The output `client`. It contains no key.
 *
 * @param keys the stack's virtual keys.
 */
export function clientMetadata(view: ClientView, plan: Plan, keys: readonly VirtualKey[]): ClientMetadata {
  const { stack, lanes, providers } = laneView(view);
  return {
    version: OUTPUTS_VERSION,
    stack,
    lanes: { ...lanes },
    providers: [...providers],
    probes: smokeTargets(view, plan),
    keys: Object.fromEntries(
      keys.map(({ alias, models, limited }) => [alias, { limited, ...(models ? { models } : {}) }]),
    ),
  };
}

/** The output `clientFiles`. It holds keys, so it must be a secret. */
export function clientTexts(view: ClientView, keys: ClientKeys, metadata: ClientMetadata): ClientTexts {
  return {
    version: OUTPUTS_VERSION,
    opencode: JSON.stringify(renderOpencode(view)),
    auth: JSON.stringify(renderAuth(keys)),
    guide: JSON.stringify({ probes: metadata.probes, lanes: metadata.providers }),
  };
}
