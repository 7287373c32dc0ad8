import { expect, test } from '@jest/globals';
import { gapOf } from '../../../drills/change-edge.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

function failed(startedAt: number, endedAt: number, status?: number): RequestRecord {
  const record = { id: 'a', startedAt, endedAt, stream: false, ok: false, why: 'a reason' };
  return status === undefined ? record : { ...record, status };
}

const UNSERVED = [failed(5000, 5001), failed(5600, 5700)];

test('the gap lasts from the first request without a response to the last one', () => {
  expect(gapOf(UNSERVED)).toEqual({ gapMs: 699, unserved: 2, elsewhere: [] });
});

test('failures in flight when it began belong to it; other failures do not', () => {
  expect(gapOf([...UNSERVED, failed(3000, 4990, 200)]).elsewhere).toEqual([]);
  for (const other of [failed(1000, 2000, 503), failed(5100, 5200, 503), failed(9000, 9100, 503)]) {
    expect(gapOf([...UNSERVED, other]).elsewhere).toEqual([other]);
  }
});

test('there is no gap if every request got a response', () => {
  const failure = failed(1, 2, 503);
  expect(gapOf([failure])).toEqual({ gapMs: 0, unserved: 0, elsewhere: [failure] });
});
