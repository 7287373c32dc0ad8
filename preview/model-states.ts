/** The state of every model that a stack has now or would have. Pure. */
import { type ModelState, modelState } from '../domain/plan/model-state.ts';
import type { Plan } from '../domain/plan/plan-types.ts';
import { countUnavailable } from '../domain/plan/group-unavailable.ts';
import { plainOutputs } from '../engine/deployed.ts';
import type { StateResource } from '../engine/stack-state.ts';

/** A model and its state, as `--json` prints it. */
export interface StatedModel {
  model: string;
  state: ModelState;
}

/**
 * The models of the plan, those that can be served first.
 *
 * @param resources the stack's state; empty if nothing is deployed.
 */
export function modelStates(
  { served, unavailable }: Pick<Plan, 'served' | 'unavailable'>,
  resources: readonly StateResource[],
): StatedModel[] {
  const { models } = plainOutputs(resources);
  const deployed = new Set(Array.isArray(models) ? models.map(String) : []);
  const withKey = new Set(served.map(({ alias }) => alias));
  return [...withKey, ...unavailable.map(({ model }) => model)].map((model) => ({
    model,
    state: modelState(model, { withKey, deployed }),
  }));
}

/**
 * `served now: mock`, `set, not deployed yet: …`, and how many are not set: the sentences about a new stack, or about a change, list those.
 * States without models are omitted.
 */
export function describeStates(stack: string, models: readonly StatedModel[]): string[] {
  const of = (state: ModelState): string[] =>
    models.filter((one) => one.state === state).map(({ model }) => model);
  const notSet = of('not set').length;
  return [
    ['served now', of('served').join(', ')] as const,
    ['set, not deployed yet', of('not deployed').join(', ')] as const,
    ['not set', notSet === 0 ? '' : countUnavailable(notSet, stack)] as const,
  ].flatMap(([label, text]) => (text === '' ? [] : [`${label}: ${text}`]));
}
