/** Previews a deployed stack. */
import { stackPlan } from '../stacks/container-files.ts';
import type { Inputs } from '../stacks/load.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { unlessRefused } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { readPlan } from '../domain/read/outputs-reader.ts';
import { plainOutputs, revealedResources } from '../engine/deployed.ts';
import { refuseRenamed } from '../engine/renamed-stack.ts';
import { readRawConfig } from '../engine/stack-settings.ts';
import { stackExists, stackState, type StateResource } from '../engine/stack-state.ts';
import { ageWarning, keyAges, unfinishedRotations } from '../keys/key-ages.ts';
import { isNew, describeChanges } from './describe-changes.ts';
import { previewMissing } from './missing-stack.ts';
import { newlyUnavailable } from './newly-unavailable.ts';
import { modelStates } from './model-states.ts';
import { describeNewStack } from './describe-new-stack.ts';
import { olderPlan } from './older-plan.ts';
import { loadCheckedInputs } from './preview-checks.ts';
import type { Preview } from './preview-report.ts';
import { changedSteps, type PulumiPlan, toChange } from './pulumi-plan.ts';
import { runPreview } from './run-preview.ts';
import { describeServingChanges } from './serving-changes.ts';

/**
 * Previews what `up` would change in a stack. A stack that does not exist in its backend is previewed without being created.
 *
 * @param now the time for which ages of keys and retirements of models are checked.
 * @throws UserError with all problems, or Pulumi's own error message.
 */
export async function previewStack(out: Output, stack: string, now: Date): Promise<Preview> {
  const { inputs, warnings } = loadCheckedInputs(stack, readRawConfig(stack), now);
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  if (!(await stackExists(stack))) {
    const first = await previewMissing(out, stack, inputs);
    return { ...first, warnings: [...new Set([...warnings, ...first.warnings])] };
  }
  await ensureReady({ need: ['docker'], onProgress: out.progress });
  const { resources } = await stackState(stack);
  refuseRenamed(stack, resources);
  const plan = await runPreview(out, stack);
  const old = keyAges(stack, resources, inputs.settings.keyAge, now).flatMap((age) => ageWarning(age) ?? []);
  const steps = changedSteps(plan).map(toChange);
  const sentences = steps.length === 0 ? [] : await describePlan(stack, plan, inputs, resources);
  return {
    stack,
    changes: steps.length,
    warnings: [...new Set([...warnings, ...(plan.warnings ?? []), ...old])],
    // The sentences of a new stack already name the unavailable models.
    meanings: isNew(plan)
      ? sentences
      : [...sentences, ...newlyUnavailable(inputs.plan.unavailable, resources)],
    leftOut: inputs.plan.unavailable,
    models: modelStates(inputs.plan, resources),
    steps,
  };
}

async function describePlan(
  stack: string,
  plan: PulumiPlan,
  inputs: Inputs,
  resources: readonly StateResource[],
): Promise<string[]> {
  if (isNew(plan)) return describeNewStack(inputs);
  const before =
    unlessRefused(readPlan(stack, plainOutputs(resources))) ?? olderPlan(await revealedResources(stack));
  if (before === undefined) return describeNewStack(inputs);
  const sentences = [
    ...describeServingChanges(before, stackPlan(inputs)),
    ...unfinishedRotations(resources).map((name) => `${name} rotated`),
    ...describeChanges(plan, { previousUntil: inputs.settings.masterKey.previousUntil }),
  ];
  return [...new Set(sentences)];
}
