/** The preview of a stack that its backend does not have, which makes none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Inputs } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { previewCopy } from './preview-copy.ts';
import { withoutSecrets } from './dummies.ts';
import { withEphemeralBackend } from './ephemeral.ts';
import { newStackMeanings } from './new-stack.ts';
import { changedSteps, planWarnings, toChange } from './pulumi-plan.ts';
import type { Preview } from './preview-report.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * Previews a stack's first `up` in a backend that lasts as long as the call: no stack is made, no passphrase, and the stack's file stays
 * as it is. Dummies stand for the keys that are set.
 */
export async function previewMissing(out: Output, stack: string, inputs: Inputs): Promise<Preview> {
  const file = stackFileName(stack);
  const path = join(ROOT, file);
  const { text, secrets } = withoutSecrets(existsSync(path) ? readFileSync(path, 'utf8') : '', file);
  const plan = await withEphemeralBackend(() => previewCopy(out, stack, text, secrets));
  const steps = changedSteps(plan).map(toChange);
  return {
    stack,
    changes: steps.length,
    warnings: planWarnings(plan),
    meanings: newStackMeanings(inputs),
    leftOut: inputs.plan.unavailable,
    steps,
    missing: true,
  };
}
