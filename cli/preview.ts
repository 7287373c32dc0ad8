/** `./switchyard preview`: what `up` would change, what that means, and that nothing is wrong with it. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { previewForCi } from '../preview/preview-for-ci.ts';
import { withFailureMarkdown, writeMarkdown } from '../preview/preview-markdown-file.ts';
import { previewMarkdown, previewText } from '../preview/preview-report.ts';
import { previewStack } from '../preview/preview-stack.ts';
import { parseToday } from '../console/time-options.ts';
import { ensureNamed } from '../engine/ensure-named.ts';

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
  if (options.ci) return forCi(out, stack, options, now);
  await ensureNamed(stack ?? 'dev', undefined, out.progress);
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
