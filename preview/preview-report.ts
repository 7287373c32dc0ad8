/** The result of a preview as text, Markdown and JSON. Pure. */
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
import { columns, wrap } from '../console/wrap.ts';
import { describeStates, type StatedModel } from './model-states.ts';
import { type Change, stepLine } from './pulumi-plan.ts';

/** A preview of one stack, as `--json` prints it. */
export interface Preview {
  stack: string;
  /** How many resources change. */
  changes: number;
  /** What is allowed but should be reviewed. */
  warnings: string[];
  /** The change summary: what changes, in sentences; empty if nothing changes. */
  meanings: string[];
  /** The models of the catalogue that are not served because their key is missing; absent if the keys are placeholders. */
  leftOut?: UnavailableModel[];
  /** The state of each model before `up`: served, set but not deployed, or its key not set; absent if the keys are placeholders. */
  models?: StatedModel[];
  /** The resources that change. */
  steps: Change[];
  /** The stack does not exist in the backend yet, and the preview did not create it: this is the preview of the first `up`. */
  missing?: true;
  /** The commit whose files were compared, if there is no state. `steps` are then those of a new stack. */
  comparedWith?: string;
}

/** The text for a terminal. */
export function previewText(preview: Preview, width = columns()): string {
  const steps = resourcesOf(preview);
  // Continuation lines are indented further than first lines.
  const indented = (line: string): string[] =>
    wrap(line, width - 4).map((part, index) => `${index === 0 ? '  ' : '    '}${part}`);
  return [
    ...wrap(`${preview.stack}: ${headline(preview)}`, width),
    ...preview.meanings.flatMap(indented),
    ...describeStates(preview.stack, preview.models ?? []).flatMap(indented),
    ...(steps.length === 0 ? [] : ['', ...steps.flatMap(indented)]),
  ].join('\n');
}

/** The text for a pull request: the sentences first, the resources in a collapsed section. */
export function previewMarkdown(preview: Preview): string {
  const { stack, warnings, meanings: sentences } = preview;
  const steps = resourcesOf(preview);
  const folded = ['', '<details><summary>Resources</summary>', '', '```', ...steps, '```', '', '</details>'];
  return [
    `### \`${stack}\`: ${headline(preview)}`,
    '',
    ...sentences.map((sentence) => `- ${escape(sentence)}`),
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `- ⚠️ ${escape(warning)}`)]),
    ...(steps.length === 0 ? [] : folded),
    '',
  ].join('\n');
}

function headline({ stack, changes, meanings: sentences, missing, comparedWith }: Preview): string {
  if (missing) return `${count(changes)}; the stack does not exist yet: ./switchyard up ${stack} creates it`;
  if (comparedWith === undefined) return changes === 0 ? 'no change' : count(changes);
  return sentences.length === 0 ? `no change since ${comparedWith}` : `changes since ${comparedWith}`;
}

/** The changed resources. Empty if files were compared: the engine's steps are then those of a new stack, not of the change. */
function resourcesOf({ steps, comparedWith }: Preview): string[] {
  return comparedWith === undefined ? steps.map(stepLine) : [];
}

/** The Markdown for a preview that failed. */
export function failureMarkdown(stack: string, message: string): string {
  return [`### \`${stack}\`: failed`, '', '```', message.replaceAll('```', "'''"), '```', ''].join('\n');
}

function count(changes: number): string {
  return changes === 1 ? '1 resource changes' : `${changes} resources change`;
}

/** Escapes Markdown, so that names with underscores or angle brackets are shown literally. */
function escape(text: string): string {
  return text.replace(/[\\`*_<>|[\]]/g, (char) => `\\${char}`).replace(/\s*\n\s*/g, ' ');
}
