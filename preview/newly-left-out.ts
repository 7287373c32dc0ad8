/** Models that are in the catalogue and not served: a change that brings one and not its key changes nothing else. Pure. */
import { groupUnavailable } from '../domain/plan/group-unavailable.ts';
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
import { plainOutputs } from '../engine/deployed.ts';
import type { StateResource } from '../engine/stack-state.ts';

/** Sentences about the models that are left out now and were not before: neither served nor named by the last `up`. */
export function newlyLeftOut(
  leftOut: readonly UnavailableModel[],
  resources: readonly StateResource[],
): string[] {
  const outputs = plainOutputs(resources);
  const before = (Array.isArray(outputs.leftOut) ? outputs.leftOut : []) as { model?: string }[];
  const told = new Set(before.map(({ model }) => model));
  return leftOutSentences(leftOut.filter(({ model }) => !told.has(model)));
}

/** `llama-local is left out: OLLAMA_API_KEY is not set (pulumi config set …)` */
export function leftOutSentences(leftOut: readonly UnavailableModel[]): string[] {
  return groupUnavailable(leftOut).map(
    ({ models, reason, command }) =>
      `${models.join(', ')} ${models.length === 1 ? 'is' : 'are'} left out: ${reason} (${command})`,
  );
}
