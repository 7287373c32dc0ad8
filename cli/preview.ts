/** `./switchyard preview`: what `up` would change, what that means, and that nothing is wrong with it. */
import { appendFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Interrupted, UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { type FailedPreview, previewCi } from '../preview/preview-ci.ts';
import { failureMarkdown, type Preview, previewMarkdown, previewText } from '../preview/preview-report.ts';
import { previewStack } from '../preview/preview-stack.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { parseToday } from '../console/time-options.ts';
import { ensureNamed } from '../engine/ensure-named.ts';
import { knownStacks } from '../engine/stack-name.ts';

interface PreviewOptions {
  ci?: boolean;
  base?: string;
  markdown?: string;
  today?: string;
}

/** Adds `preview` to the command line. */
export function register(program: Command): void {
  program
    .command('preview')
    .description('show what `up` would change and what that means; change nothing')
    .argument('[stack]', 'the stack; default: dev, with --ci every stack of the checkout')
    .option('--ci', 'without secrets, state and Docker: what a pull request can be told by')
    .option('--base <commit>', 'with --ci: tell what changes since this commit')
    .option('--markdown <file>', 'write it as Markdown too; - appends to $GITHUB_STEP_SUMMARY')
    .option('--today <day>', 'count ages and retirements to this day instead: YYYY-MM-DD')
    .action(withOutput(preview));
}

async function preview(out: Output, stack: string | undefined, options: PreviewOptions): Promise<void> {
  const now = parseToday(options.today);
  // The program has its own look at the models' lifetimes: it is to see the same day.
  if (options.today !== undefined) process.env.SWITCHYARD_TODAY = options.today;
  if (options.ci) return previewForCi(out, stack, options, now);
  await ensureNamed(stack ?? 'dev', undefined, out.progress);
  const found = await reported(stack ?? 'dev', options, () => previewStack(out, stack ?? 'dev', now));
  for (const warning of found.warnings) out.warn(warning);
  await writeMarkdown(options.markdown, previewMarkdown(found));
  out.result(found, previewText(found));
}

async function previewForCi(
  out: Output,
  stack: string | undefined,
  options: PreviewOptions,
  now: Date,
): Promise<void> {
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  const stacks = stack === undefined ? knownStacks() : [stack];
  const results = await previewCi(out, stacks, { base: options.base, now });
  const markdown = results.map((result) =>
    isFailed(result) ? failureMarkdown(result.stack, explain(result.error)) : previewMarkdown(result),
  );
  await writeMarkdown(options.markdown ?? '-', markdown.join('\n'));
  const failed = results.filter(isFailed);
  for (const result of results) {
    if (!isFailed(result)) for (const warning of result.warnings) out.warn(`${result.stack}: ${warning}`);
  }
  if (failed.length > 0) {
    throw new UserError(
      failed.map(({ stack: name, error }) => `the preview of ${name} failed\n${explain(error)}`).join('\n'),
    );
  }
  const previews = results.filter((result): result is Preview => !isFailed(result));
  out.result(
    { changes: previews.reduce((sum, one) => sum + one.changes, 0), stacks: previews },
    previews.map(previewText).join('\n\n'),
  );
}

function isFailed(result: Preview | FailedPreview): result is FailedPreview {
  return 'error' in result;
}

function explain(error: UserError): string {
  return [error.message, error.where, error.found].filter(Boolean).join('\n');
}

/** Runs a preview; where it is refused, the Markdown says so. */
async function reported<T>(stack: string, { markdown }: PreviewOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError && !(error instanceof Interrupted))
      await writeMarkdown(markdown, failureMarkdown(stack, explain(error)));
    throw error;
  }
}

/** Writes Markdown to a file, or appends it to the step summary where there is one. */
async function writeMarkdown(target: string | undefined, markdown: string): Promise<void> {
  if (target === undefined) return;
  if (target !== '-') return writeFile(target, markdown);
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary) await appendFile(summary, `${markdown}\n`);
}
