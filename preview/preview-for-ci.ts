/** The previews of a pull request, with their summary: `./switchyard preview --ci`. */
import { ensureReady } from '../bootstrap/ready.ts';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { checkStackName, knownStacks } from '../engine/stack-name.ts';
import { type CiOptions, type FailedPreview, previewCi } from './preview-ci.ts';
import { errorSummary, writeMarkdown } from './preview-markdown-file.ts';
import { failureMarkdown, type Preview, previewMarkdown } from './preview-report.ts';

/**
 * Previews one stack or all stacks of the checkout, writes the Markdown and prints the warnings.
 *
 * @param stack undefined for all stacks.
 * @param markdown the file for the Markdown; by default GitHub's step summary.
 * @throws UserError with the errors of all previews that failed; at once if there is no stack of that name.
 */
export async function previewForCi(
  out: Output,
  stack: string | undefined,
  { markdown: target = '-', ...options }: CiOptions & { markdown?: string | undefined },
): Promise<Preview[]> {
  if (stack !== undefined) checkStackName(stack);
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  const results = await previewCi(out, stack === undefined ? knownStacks() : [stack], options);
  const markdown = results.map((result) =>
    isFailed(result) ? failureMarkdown(result.stack, errorSummary(result.error)) : previewMarkdown(result),
  );
  await writeMarkdown(target, markdown.join('\n'));
  const previews = results.filter((result): result is Preview => !isFailed(result));
  for (const { stack: name, warnings } of previews)
    for (const warning of warnings) out.warn(`${name}: ${warning}`);
  const failed = results.filter(isFailed);
  if (failed.length === 0) return previews;
  throw new UserError(
    failed
      .map(({ stack: name, error }) => `the preview of ${name} failed\n${errorSummary(error)}`)
      .join('\n'),
  );
}

function isFailed(result: Preview | FailedPreview): result is FailedPreview {
  return 'error' in result;
}
