import { expect, test } from '@jest/globals';
import { gapOf } from '../../../drills/change-edge.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

function failed(startedAt: number, endedAt: number, status?: number): RequestRecord {
  const record = { id: 'a', startedAt, endedAt, stream: false, ok: false, why: 'a reason' };
  return status === undefined ? record : { ...record, status };
}

const UNSERVED = [failed(5000, 5001), failed(5600, 5700)];

test('the gap lasts from the first request without an answer to the last', () => {
  expect(gapOf(UNSERVED)).toEqual({ gapMs: 699, unserved: 2, elsewhere: [] });
});

test('what was in flight as it began belongs to it; another failure does not', () => {
  expect(gapOf([...UNSERVED, failed(3000, 4990, 200)]).elsewhere).toEqual([]);
  for (const other of [failed(1000, 2000, 503), failed(5100, 5200, 503), failed(9000, 9100, 503)]) {
    expect(gapOf([...UNSERVED, other]).elsewhere).toEqual([other]);
  }
});

test('where everybody got an answer there was none', () => {
  const refused = failed(1, 2, 503);
  expect(gapOf([refused])).toEqual({ gapMs: 0, unserved: 0, elsewhere: [refused] });
});
