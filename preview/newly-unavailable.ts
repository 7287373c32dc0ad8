/** Models in the catalogue that are not served. A change that adds a model without its key would otherwise not be visible. Pure. */
import { groupUnavailable } from '../domain/plan/group-unavailable.ts';
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
import { plainOutputs } from '../engine/deployed.ts';
import type { StateResource } from '../engine/stack-state.ts';

/** Describes the models that became unavailable: the last `up` neither served them nor listed them as unavailable. */
export function newlyUnavailable(
  models: readonly UnavailableModel[],
  resources: readonly StateResource[],
): string[] {
  const outputs = plainOutputs(resources);
  const before = (Array.isArray(outputs.leftOut) ? outputs.leftOut : []) as { model?: string }[];
  const known = new Set(before.map(({ model }) => model));
  return unavailableSentences(models.filter(({ model }) => !known.has(model)));
}

/** `llama-local is unavailable: OLLAMA_API_KEY is not set (pulumi config set …)` */
export function unavailableSentences(unavailable: readonly UnavailableModel[]): string[] {
  return groupUnavailable(unavailable).map(
    ({ models, reason, command }) =>
      `${models.join(', ')} ${models.length === 1 ? 'is' : 'are'} unavailable: ${reason} (${command})`,
  );
}
