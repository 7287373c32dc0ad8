import { expect, test } from '@jest/globals';
import { type Arrival, classify } from '../../../drills/classify.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

const STRIKE = { gateway: '10.0.0.2', at: 1000 };

/** A stream that was cut. */
function failed(id: string, startedAt: number, endedAt: number): RequestRecord {
  return { id, startedAt, endedAt, stream: true, ok: false, cut: true, why: 'socket hang up' };
}

function at(id: string, gateway: string, time: number): Arrival {
  return { id, gateway, at: time };
}

test('a stream that the stricken gateway had begun may be cut', () => {
  const record = failed('a', 900, 1100);
  const sorted = classify([record], [at('a', '10.0.0.2', 950)], STRIKE);
  expect(sorted).toEqual({ inFlight: 1, begun: 1, excused: [record], unexcused: [] });
});

test.each([
  ['begun by another gateway', failed('a', 900, 1100), [at('a', '10.0.0.3', 950)]],
  ['never seen by the upstream', failed('a', 900, 1100), []],
  ['sent after the strike', failed('a', 1001, 1100), [at('a', '10.0.0.2', 1050)]],
  [
    'reaching the stricken gateway after the strike only',
    failed('a', 900, 1100),
    [at('a', '10.0.0.2', 1050)],
  ],
  ['over before the strike', failed('a', 800, 990), [at('a', '10.0.0.2', 850)]],
  [
    'that was no stream',
    { ...failed('a', 900, 1100), stream: false, cut: false },
    [at('a', '10.0.0.2', 950)],
  ],
  [
    'whose stream had not begun to be answered',
    { ...failed('a', 900, 1100), cut: false },
    [at('a', '10.0.0.2', 950)],
  ],
])('nothing excuses a request %s', (_, record, arrivals) => {
  const sorted = classify([record], arrivals, STRIKE);
  expect(sorted.excused).toEqual([]);
  expect(sorted.unexcused).toEqual([record]);
});

test('a request that was answered needs no excuse, even if it was begun there', () => {
  const answered = { ...failed('a', 900, 1100), ok: true };
  const sorted = classify([answered], [at('a', '10.0.0.2', 950), at('a', '10.0.0.3', 1050)], STRIKE);
  expect(sorted).toEqual({ inFlight: 1, begun: 1, excused: [], unexcused: [] });
});
