/** A preview in a copy of the project, with dummies for keys: for stacks without a state that could be asked. */
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { dummyOf } from './dummies.ts';
import type { PulumiPlan } from './pulumi-plan.ts';
import { temporaryProject } from './temporary-project.ts';
import { runPreview } from './run-preview.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * Pulumi's plan for a stack that starts from nothing. Nothing of the checkout is written; the stack is made in whichever backend is set:
 * call it within {@link withEphemeralBackend}.
 *
 * @param text the stack's settings without secrets.
 * @param keyNames the secrets that are to be there; each has a dummy for its value.
 */
export async function previewCopy(
  out: Output,
  stack: string,
  text: string,
  keyNames: readonly string[],
): Promise<PulumiPlan> {
  const project = temporaryProject(ROOT, { [stackFileName(stack)]: text });
  try {
    const there = { cwd: project.dir };
    await pulumi(stack, ['stack', 'init', '--no-select'], there);
    // Dummies are no secrets: they may stand among the arguments.
    const pairs = keyNames.flatMap((name) => ['--secret', `${name}=${dummyOf(name)}`]);
    if (pairs.length > 0) await pulumi(stack, ['config', 'set-all', ...pairs], there);
    return await runPreview(out, stack, project.dir);
  } finally {
    project.remove();
  }
}
