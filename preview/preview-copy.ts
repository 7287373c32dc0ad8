/** A preview in a copy of the project, with placeholders for keys: for stacks without an accessible state. */
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { placeholderOf } from './placeholders.ts';
import type { PulumiPlan } from './pulumi-plan.ts';
import { temporaryProject } from './temporary-project.ts';
import { runPreview } from './run-preview.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

/**
 * Pulumi's plan for a stack without a state. Nothing in the checkout is written. The stack is created in the configured backend, so call
 * this within {@link withEphemeralBackend}.
 *
 * @param text the stack's settings without secrets.
 * @param keyNames the secrets to set, each to a placeholder.
 */
export async function previewInCopy(
  out: Output,
  stack: string,
  text: string,
  keyNames: readonly string[],
): Promise<PulumiPlan> {
  const project = temporaryProject(ROOT, { [stackFileName(stack)]: text });
  try {
    const options = { cwd: project.dir };
    await pulumi(stack, ['stack', 'init', '--no-select'], options);
    // Placeholders are not secret, so they may be arguments.
    const pairs = keyNames.flatMap((name) => ['--secret', `${name}=${placeholderOf(name)}`]);
    if (pairs.length > 0) await pulumi(stack, ['config', 'set-all', ...pairs], options);
    return await runPreview(out, stack, project.dir);
  } finally {
    project.remove();
  }
}
