/** The summary that a test run prints. */
import { expect, test } from '@jest/globals';
import {
  countLine,
  type JestReport,
  stageLines,
  stageOfRun,
  stagesOfFiles,
} from '../../../../scripts/testing/stages.ts';

const REPORT: JestReport = {
  numPassedTests: 2,
  numFailedTests: 1,
  numRuntimeErrorTestSuites: 1,
  testResults: [
    { name: '/repo/test/e2e/b.test.ts', startTime: 5000, endTime: 9500, assertionResults: [{ status: 'passed' }, { status: 'failed' }, { status: 'pending' }] }, // prettier-ignore
    { name: '/repo/test/e2e/a.test.ts', startTime: 1000, endTime: 5000, assertionResults: [{ status: 'passed' }] }, // prettier-ignore
    { name: '/repo/test/e2e/broken.test.ts', startTime: 9500, endTime: 9600, assertionResults: [] },
  ],
};

test('a run has the same counts as a whole and by its files', () => {
  const files = stagesOfFiles('/repo', REPORT);
  expect(files.map(({ name, seconds }) => [name, seconds])).toEqual([
    ['test/e2e/a.test.ts', 4],
    ['test/e2e/b.test.ts', 4.5],
    ['test/e2e/broken.test.ts', 0.1],
  ]);
  expect(countLine(files)).toBe('2 passed, 2 failed');
  expect(countLine([stageOfRun('unit tests', 12, REPORT)])).toBe('2 passed, 2 failed');
});

test('each stage has its seconds and its number of failures', () => {
  expect(stageLines(stagesOfFiles('/repo', REPORT), 61.23)).toEqual([
    '     4.0 s  test/e2e/a.test.ts',
    '     4.5 s  test/e2e/b.test.ts: 1 failed',
    '     0.1 s  test/e2e/broken.test.ts: 1 failed',
    '    61.2 s  total',
  ]);
});
