/** `./switchyard preview`: shows what `up` would change and what that means, and checks it. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { previewForCi } from '../preview/preview-for-ci.ts';
import { withFailureMarkdown, writeMarkdown } from '../preview/preview-markdown-file.ts';
import { previewMarkdown, previewText } from '../preview/preview-report.ts';
import { previewStack } from '../preview/preview-stack.ts';
import { parseToday } from '../console/time-options.ts';
import { requireDeclaredStack } from '../engine/stack-name.ts';

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
    .option('--ci', 'without secrets, state and Docker, for pull requests')
    .option('--base <commit>', 'with --ci: show the changes since this commit')
    .option('--markdown <file>', 'also write it as Markdown; - appends to $GITHUB_STEP_SUMMARY')
    .option('--today <day>', 'use this day instead of today for ages and retirements: YYYY-MM-DD')
    .action(withOutput(preview));
}

async function preview(out: Output, stack: string | undefined, options: PreviewOptions): Promise<void> {
  const now = parseToday(options.today);
  // The Pulumi program checks the models' retirements itself: it must use the same day.
  if (options.today !== undefined) process.env.SWITCHYARD_TODAY = options.today;
  if (options.ci) return forCi(out, stack, options, now);
  await requireDeclaredStack(stack ?? 'dev');
  const found = await withFailureMarkdown(stack ?? 'dev', options.markdown, () =>
    previewStack(out, stack ?? 'dev', now),
  );
  for (const warning of found.warnings) out.warn(warning);
  await writeMarkdown(options.markdown, previewMarkdown(found));
  out.result(found, previewText(found));
}

async function forCi(
  out: Output,
  stack: string | undefined,
  options: PreviewOptions,
  now: Date,
): Promise<void> {
  const { base, markdown } = options;
  const previews = await previewForCi(out, stack, { base, markdown, now });
  const changes = previews.reduce((sum, one) => sum + one.changes, 0);
  out.result({ changes, stacks: previews }, previews.map((one) => previewText(one)).join('\n\n'));
}
