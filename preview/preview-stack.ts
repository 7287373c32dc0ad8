/** The preview of a stack as it is deployed. */
import { stackPlan } from '../stacks/container-files.ts';
import type { Inputs } from '../stacks/load.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { unlessRefused } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { readPlan } from '../domain/read/outputs-reader.ts';
import { plainOutputs, revealedResources } from '../engine/deployed.ts';
import { readRawConfig } from '../engine/stack-settings.ts';
import { stackExists, stackState, type StateResource } from '../engine/stack-state.ts';
import { ageWarning, keyAges, unfinishedRotations } from '../keys/key-ages.ts';
import { isNew, planMeanings } from './meanings.ts';
import { previewMissing } from './missing-stack.ts';
import { newlyLeftOut } from './newly-left-out.ts';
import { newStackMeanings } from './new-stack.ts';
import { olderPlan } from './older-plan.ts';
import { checkEverything } from './preview-checks.ts';
import type { Preview } from './preview-report.ts';
import { changedSteps, type PulumiPlan, planWarnings, toChange } from './pulumi-plan.ts';
import { runPreview } from './run-preview.ts';
import { servingMeanings } from './serving-changes.ts';

/**
 * What `up` would change in a stack, and what that means. A stack that its backend does not have is previewed without being made.
 *
 * @param now the time to which ages and lifetimes are counted.
 * @throws UserError with everything that is wrong, or Pulumi's own words.
 */
export async function previewStack(out: Output, stack: string, now: Date): Promise<Preview> {
  const { inputs, warnings } = checkEverything(stack, readRawConfig(stack), now);
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  if (!(await stackExists(stack))) {
    const first = await previewMissing(out, stack, inputs);
    return { ...first, warnings: [...new Set([...warnings, ...first.warnings])] };
  }
  await ensureReady({ need: ['docker'], onProgress: out.progress });
  const plan = await runPreview(out, stack);
  const { resources } = await stackState(stack);
  const old = keyAges(stack, resources, inputs.settings.keyAge, now).flatMap((age) => ageWarning(age) ?? []);
  const steps = changedSteps(plan).map(toChange);
  const said = steps.length === 0 ? [] : await meanings(stack, plan, inputs, resources);
  return {
    stack,
    changes: steps.length,
    warnings: [...new Set([...warnings, ...planWarnings(plan), ...old])],
    // A new stack's meanings name what is left out already.
    meanings: isNew(plan) ? said : [...said, ...newlyLeftOut(inputs.plan.unavailable, resources)],
    leftOut: inputs.plan.unavailable,
    steps,
  };
}

async function meanings(
  stack: string,
  plan: PulumiPlan,
  inputs: Inputs,
  resources: readonly StateResource[],
): Promise<string[]> {
  if (isNew(plan)) return newStackMeanings(inputs);
  const before =
    unlessRefused(readPlan(stack, plainOutputs(resources))) ?? olderPlan(await revealedResources(stack));
  if (before === undefined) return newStackMeanings(inputs);
  const said = [
    ...servingMeanings(before, stackPlan(inputs)),
    ...unfinishedRotations(resources).map((name) => `${name} rotated`),
    ...planMeanings(plan, { previousUntil: inputs.settings.masterKey.previousUntil }),
  ];
  return [...new Set(said)];
}
