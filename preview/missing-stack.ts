/** Previews a stack that does not exist in its backend, without creating it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Inputs } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { previewInCopy } from './preview-copy.ts';
import { modelStates } from './model-states.ts';
import { withoutSecrets } from './placeholders.ts';
import { withEphemeralBackend } from './ephemeral.ts';
import { describeNewStack } from './describe-new-stack.ts';
import { changedSteps, toChange } from './pulumi-plan.ts';
import type { Preview } from './preview-report.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * Previews a stack's first `up` in a backend that exists only for this call: neither the stack nor a passphrase is created, and the
 * stack's file is not changed. Keys that are set get placeholders.
 */
export async function previewMissing(out: Output, stack: string, inputs: Inputs): Promise<Preview> {
  const file = stackFileName(stack);
  const path = join(ROOT, file);
  const { text, secrets } = withoutSecrets(existsSync(path) ? readFileSync(path, 'utf8') : '', file);
  const plan = await withEphemeralBackend(() => previewInCopy(out, stack, text, secrets));
  const steps = changedSteps(plan).map(toChange);
  return {
    stack,
    changes: steps.length,
    warnings: [...(plan.warnings ?? [])],
    meanings: describeNewStack(inputs),
    leftOut: inputs.plan.unavailable,
    models: modelStates(inputs.plan, []),
    steps,
    missing: true,
  };
}
