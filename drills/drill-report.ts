/** Reports as text, and the sum of several. */
import { describeRun } from './run-drills.ts';
import { total } from './drill-figures.ts';
import type { Report } from './drill-types.ts';

/** One report for several drills: the same fields, with the single reports under `drills`. */
export function sumOf(reports: Report[]): Omit<Report, 'claim'> & { drills: Report[] } {
  return {
    drill: 'all',
    stack: reports[0]?.stack ?? '',
    ...total(reports),
    runs: reports.flatMap((report) => report.runs),
    ok: reports.length > 0 && reports.every((report) => report.ok),
    findings: reports.flatMap((report) => report.findings.map((finding) => `${report.drill}: ${finding}`)),
    drills: reports,
  };
}

/** A report as text. */
export function describeReport(report: Report): string {
  return [
    `${report.drill}: ${report.ok ? 'passed' : 'FAILED'}: ${report.claim}`,
    ...report.runs.map((run) => `  ${describeRun(run)}`),
    ...report.findings.map((finding) => `  finding: ${finding}`),
  ].join('\n');
}
