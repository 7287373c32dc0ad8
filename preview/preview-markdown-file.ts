/** Writes the Markdown of previews: `./switchyard preview --markdown`. */
import { appendFile, writeFile } from 'node:fs/promises';
import { Interrupted, UserError } from '../console/errors.ts';
import { failureMarkdown } from './preview-report.ts';

/**
 * Writes Markdown.
 *
 * @param target a file; `-` appends to GitHub's step summary if there is one; undefined writes nothing.
 */
export async function writeMarkdown(target: string | undefined, markdown: string): Promise<void> {
  if (target === undefined) return;
  if (target !== '-') return writeFile(target, markdown);
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary) await appendFile(summary, `${markdown}\n`);
}

/** Runs a preview; if it fails, writes the error as Markdown. */
export async function withFailureMarkdown<T>(
  stack: string,
  target: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError && !(error instanceof Interrupted))
      await writeMarkdown(target, failureMarkdown(stack, errorSummary(error)));
    throw error;
  }
}

/** Message, position and found value of an error, one per line. */
export function errorSummary(error: UserError): string {
  return [error.message, error.where, error.found].filter(Boolean).join('\n');
}
