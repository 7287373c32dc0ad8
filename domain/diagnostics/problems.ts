/** Errors and warnings about a catalogue or a stack's settings, each with its position and a fix. */

/** An error or a warning. */
export interface Problem {
  severity: 'error' | 'warning';
  /** The file, as the user would name it. */
  file: string;
  /** Counted from 1. */
  line?: number;
  /** Counted from 1. */
  column?: number;
  /** The path in the document: `models.gpt-4.timeout`. Empty for the document as a whole. */
  path: string;
  /** What is wrong, what is allowed, and the likely intended value. Never contains a secret. */
  message: string;
  /** The command or edit that fixes it. */
  fix?: string;
}

/** One problem in one line, or two where there is a fix. */
export function formatProblem(problem: Problem): string {
  return format(problem, problem.severity === 'warning' ? 'warning: ' : '');
}

/** A warning for an output that says itself that it is one, as Pulumi's log and the CLI do. */
export function formatWarning(problem: Problem): string {
  return format(problem, '');
}

function format({ file, line, column, path, message, fix }: Problem, tag: string): string {
  const position = [file, line, line === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(':');
  const head = `${position} ${tag}${path === '' ? '' : `${path}: `}${message}`;
  return fix === undefined ? head : `${head}\n    ${fix}`;
}

/** All problems as text: errors first, each group in the order of the files' lines. */
export function formatProblems(problems: readonly Problem[]): string {
  return sortProblems(problems).map(formatProblem).join('\n');
}

/** Errors before warnings, then by file, line and column. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const rank = (problem: Problem) => (problem.severity === 'error' ? 0 : 1);
  return [...problems].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Whether any of them is an error. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** A position in a file, counted from 1. */
export interface Position {
  line: number;
  column: number;
}
