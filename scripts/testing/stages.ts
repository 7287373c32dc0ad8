/** The stages of a test run, with their results and durations. Pure. */

/** One stage: a check of the sources, the unit tests, or one file of the end-to-end tests. */
export interface Stage {
  name: string;
  seconds: number;
  passed: number;
  failed: number;
}

/** The part of jest's `--json` report that is used. */
export interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  /** Files that could not be run at all. */
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    startTime: number;
    endTime: number;
    assertionResults: { status: string }[];
  }[];
}

/** A stage of a whole run of jest. */
export function stageOfRun(name: string, seconds: number, report: JestReport): Stage {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return { name, seconds, passed: report.numPassedTests, failed };
}

/** A stage for each file of a run of jest, in the order in which they ran. */
export function stagesOfFiles(root: string, report: JestReport): Stage[] {
  return report.testResults
    .toSorted((a, b) => a.startTime - b.startTime)
    .map(({ name, startTime, endTime, assertionResults }) => {
      const count = (status: string): number =>
        assertionResults.filter((result) => result.status === status).length;
      return {
        name: name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name,
        seconds: (endTime - startTime) / 1000,
        passed: count('passed'),
        // A file that could not be run has no results. It counts as one failure.
        failed: assertionResults.length === 0 ? 1 : count('failed'),
      };
    });
}

/** One line for each stage with its seconds, then one for the whole run, in which stages run concurrently. */
export function stageLines(stages: readonly Stage[], total: number): string[] {
  const line = (seconds: number, text: string): string => `${seconds.toFixed(1).padStart(8)} s  ${text}`;
  return [
    ...stages.map(({ name, seconds, failed }) =>
      line(seconds, failed > 0 ? `${name}: ${failed} failed` : name),
    ),
    line(total, 'total'),
  ];
}

/** The last line of a run. */
export function countLine(stages: readonly Stage[]): string {
  const sum = (name: 'passed' | 'failed'): number => stages.reduce((value, stage) => value + stage[name], 0);
  return `${sum('passed')} passed, ${sum('failed')} failed`;
}
