/** Runs the engine for a preview. */
import { interruptible } from '../console/interruptible.ts';
import { type Output } from '../console/output.ts';
import { stackOperation } from '../engine/stack-operation.ts';
import { planOf, type PulumiPlan } from './pulumi-plan.ts';

/** The messages when a preview is interrupted. */
const TEXTS = {
  stopping: 'stopping the preview …',
  stopped: () => ({ message: 'interrupted; nothing was changed' }),
};

/**
 * Pulumi's plan for a stack.
 *
 * @param project the project's folder, if it is not this checkout.
 * @throws UserError with the problems that the program found, or Pulumi's own error message.
 */
export async function runPreview(out: Output, stack: string, project?: string): Promise<PulumiPlan> {
  const events = await interruptible(out, TEXTS, (signal) =>
    out.step(`previewing ${stack}`, () =>
      stackOperation(stack, (opened, common) => opened.preview(common), {
        // The plan is shown as a whole afterwards, with its warnings.
        progress: () => undefined,
        signal,
        ...(project === undefined ? {} : { cwd: project }),
      }),
    ),
  );
  return planOf(events);
}
