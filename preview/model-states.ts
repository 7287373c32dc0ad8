/** The state of every model that a stack has now or would have. Pure. */
import { type ModelState, modelState } from '../domain/plan/model-state.ts';
import type { Plan } from '../domain/plan/plan-types.ts';
import { groupUnavailable } from '../domain/plan/group-unavailable.ts';
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
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

/** `served: mock`, `not deployed: …`, `not set: gpt-4, gpt-4-turbo (OPENAI_API_KEY is not set)`; states without models are omitted. */
export function describeStates(
  models: readonly StatedModel[],
  unavailable: readonly UnavailableModel[],
): string[] {
  const of = (state: ModelState): string[] =>
    models.filter((one) => one.state === state).map(({ model }) => model);
  const notSet = new Set(of('not set'));
  const groups = groupUnavailable(unavailable.filter(({ model }) => notSet.has(model)));
  return [
    ['served now', of('served')] as const,
    ['set, not deployed yet', of('not deployed')] as const,
    ['not set', groups.map((group) => `${group.models.join(', ')} (${group.reason})`)] as const,
  ].flatMap(([label, names]) => (names.length === 0 ? [] : [`${label}: ${names.join(', ')}`]));
}
