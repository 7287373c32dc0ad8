import { expect, test } from '@jest/globals';
import { sumOf } from '../../../drills/drill-report.ts';
import { failureFindings, figuresOf, reportOf, runOf } from '../../../drills/drill-figures.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

const ANSWERED: RequestRecord = {
  id: 'a',
  startedAt: 0,
  firstByteAt: 30,
  endedAt: 500,
  stream: true,
  ok: true,
};
const CUT: RequestRecord = { ...ANSWERED, id: 'b', firstByteAt: 80, ok: false, cut: true, why: 'broke off' };
const LOST: RequestRecord = {
  id: 'c',
  startedAt: 100,
  endedAt: 9100,
  stream: false,
  ok: false,
  why: 'timed out',
};
const DRILL = { name: 'd', claim: 'c' };

test('every request without the complete answer counts as failed, including cut streams', () => {
  expect(figuresOf([ANSWERED, CUT, LOST])).toEqual({
    sent: 3,
    answered: 1,
    failed: 2,
    cutStreams: 1,
    longestWaitMs: 9000,
  });
});

test('a wait ends with the first byte, not the last', () => {
  expect(figuresOf([ANSWERED]).longestWaitMs).toBe(30);
});

test('without requests all figures are 0', () => {
  expect(figuresOf([])).toEqual({ sent: 0, answered: 0, failed: 0, cutStreams: 0, longestWaitMs: 0 });
});

test('a report has the sums of its runs and the longest wait', () => {
  const one = runOf(1, { records: [ANSWERED, CUT], findings: [], figures: { changeSeconds: 7 } });
  const two = runOf(2, { records: [ANSWERED, LOST], findings: [] });
  expect(one).toMatchObject({ replicas: 1, sent: 2, failed: 1, changeSeconds: 7 });
  expect(reportOf(DRILL, { stack: 's', runs: [one, two], findings: [] })).toMatchObject({
    sent: 4,
    answered: 2,
    failed: 2,
    cutStreams: 1,
    longestWaitMs: 9000,
    ok: true,
  });
});

test('a report with a finding, or without a run, is not ok', () => {
  const run = runOf(1, { records: [ANSWERED], findings: [] });
  expect(reportOf(DRILL, { stack: 's', runs: [run], findings: ['something'] }).ok).toBe(false);
  expect(reportOf(DRILL, { stack: 's', runs: [], findings: [] }).ok).toBe(false);
});

test('the sum of several drills has the name of the drill in each finding', () => {
  const run = runOf(1, { records: [ANSWERED], findings: [] });
  const sum = sumOf([
    reportOf(DRILL, { stack: 's', runs: [run], findings: [] }),
    reportOf({ ...DRILL, name: 'e' }, { stack: 's', runs: [run], findings: ['something'] }),
  ]);
  expect(sum).toMatchObject({ drill: 'all', sent: 2, answered: 2, ok: false, findings: ['e: something'] });
});

test('failures are described with their reasons, the most frequent first', () => {
  expect(failureFindings('failed', [CUT, LOST, { ...CUT, id: 'd' }])).toEqual([
    '3 failed (2 × stream: broke off; 1 × request: timed out)',
  ]);
  expect(failureFindings('failed', [])).toEqual([]);
});
