/** What a preview found, as text, Markdown and JSON. Pure. */
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
import { columns, wrap } from '../console/wrap.ts';
import { type Change, describeChange } from './pulumi-plan.ts';

/** A preview of one stack, as `--json` prints it. */
export interface Preview {
  stack: string;
  /** How many resources change. */
  changes: number;
  /** What is allowed but should be looked at. */
  warnings: string[];
  /** What the change means, in sentences; none where nothing changes. */
  meanings: string[];
  /** The models of the catalogue that are not served for want of a key; absent where dummies stand for the keys. */
  leftOut?: UnavailableModel[];
  /** The resources that change. */
  steps: Change[];
  /** The backend has no such stack yet, and the preview made none: it is that of the first `up`. */
  missing?: true;
  /** The commit whose files the meanings compare with, where there is no state: the steps are those of a new stack then. */
  comparedWith?: string;
}

/** The text for a terminal. */
export function previewText(preview: Preview, width = columns()): string {
  const steps = resourcesOf(preview);
  // What continues a sentence stands further in than what begins one.
  const indented = (line: string): string[] =>
    wrap(line, width - 4).map((part, index) => `${index === 0 ? '  ' : '    '}${part}`);
  return [
    ...wrap(`${preview.stack}: ${headline(preview)}`, width),
    ...preview.meanings.flatMap(indented),
    ...(steps.length === 0 ? [] : ['', ...steps.flatMap(indented)]),
  ].join('\n');
}

/** The text for a pull request: what it means first, the resources folded away. */
export function previewMarkdown(preview: Preview): string {
  const { stack, warnings, meanings } = preview;
  const steps = resourcesOf(preview);
  const folded = ['', '<details><summary>Resources</summary>', '', '```', ...steps, '```', '', '</details>'];
  return [
    `### \`${stack}\`: ${headline(preview)}`,
    '',
    ...meanings.map((meaning) => `- ${escape(meaning)}`),
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `- ⚠️ ${escape(warning)}`)]),
    ...(steps.length === 0 ? [] : folded),
    '',
  ].join('\n');
}

function headline({ stack, changes, meanings, missing, comparedWith }: Preview): string {
  if (missing) return `${count(changes)}; the stack does not exist yet: ./switchyard up ${stack} makes it`;
  if (comparedWith === undefined) return changes === 0 ? 'no change' : count(changes);
  return meanings.length === 0 ? `the same as ${comparedWith}` : `other than ${comparedWith}`;
}

/** Where files are compared, the engine's steps are those of a stack that starts from nothing: no news. */
function resourcesOf({ steps, comparedWith }: Preview): string[] {
  return comparedWith === undefined ? steps.map(describeChange) : [];
}

/** The Markdown for a preview that failed. */
export function failureMarkdown(stack: string, message: string): string {
  return [`### \`${stack}\`: refused`, '', '```', message.replaceAll('```', "'''"), '```', ''].join('\n');
}

function count(changes: number): string {
  return changes === 1 ? '1 resource changes' : `${changes} resources change`;
}

/** Names with underscores or angle brackets stay what they are. */
function escape(text: string): string {
  return text.replace(/[\\`*_<>|[\]]/g, (char) => `\\${char}`).replace(/\s*\n\s*/g, ' ');
}
