import { expect, test } from '@jest/globals';
import { type Arrival, classify } from '../../../drills/classify.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

const FAULT = { gateway: '10.0.0.2', at: 1000 };

/** A stream that was cut. */
function failed(id: string, startedAt: number, endedAt: number): RequestRecord {
  return { id, startedAt, endedAt, stream: true, ok: false, cut: true, why: 'socket hang up' };
}

function at(id: string, gateway: string, time: number): Arrival {
  return { id, gateway, at: time };
}

test('a cut stream that the faulted gateway had begun is excused', () => {
  const record = failed('a', 900, 1100);
  const sorted = classify([record], [at('a', '10.0.0.2', 950)], FAULT);
  expect(sorted).toEqual({ inFlight: 1, begun: 1, excused: [record], unexcused: [] });
});

test.each([
  ['begun by another gateway', failed('a', 900, 1100), [at('a', '10.0.0.3', 950)]],
  ['never seen by the upstream', failed('a', 900, 1100), []],
  ['sent after the fault', failed('a', 1001, 1100), [at('a', '10.0.0.2', 1050)]],
  [
    'that reached the faulted gateway only after the fault',
    failed('a', 900, 1100),
    [at('a', '10.0.0.2', 1050)],
  ],
  ['that ended before the fault', failed('a', 800, 990), [at('a', '10.0.0.2', 850)]],
  [
    'that was not a stream',
    { ...failed('a', 900, 1100), stream: false, cut: false },
    [at('a', '10.0.0.2', 950)],
  ],
  ['whose answer had not begun', { ...failed('a', 900, 1100), cut: false }, [at('a', '10.0.0.2', 950)]],
])('a failed request %s is not excused', (_, record, arrivals) => {
  const sorted = classify([record], arrivals, FAULT);
  expect(sorted.excused).toEqual([]);
  expect(sorted.unexcused).toEqual([record]);
});

test('an answered request is in neither list, even if the faulted gateway had begun it', () => {
  const answered = { ...failed('a', 900, 1100), ok: true };
  const sorted = classify([answered], [at('a', '10.0.0.2', 950), at('a', '10.0.0.3', 1050)], FAULT);
  expect(sorted).toEqual({ inFlight: 1, begun: 1, excused: [], unexcused: [] });
});
