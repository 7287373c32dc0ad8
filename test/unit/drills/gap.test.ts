import { expect, test } from '@jest/globals';
import { gapOf } from '../../drills/change-edge.ts';
import type { RequestRecord } from '../../drills/types.ts';

function failed(startedAt: number, endedAt: number, why: string): RequestRecord {
  return { id: 'a', startedAt, endedAt, stream: false, ok: false, why };
}

const REFUSED = [
  failed(5000, 5001, 'connect ECONNREFUSED 127.0.0.1:4000'),
  failed(5600, 5700, 'connect ECONNREFUSED'),
];

test('the gap lasts from the first refused connection to the last', () => {
  expect(gapOf(REFUSED)).toEqual({ gapMs: 700, refused: 2, elsewhere: 0 });
});

test('what was in flight as it began belongs to it; another failure does not', () => {
  const cut = failed(3000, 4990, 'broke off');
  expect(gapOf([...REFUSED, cut]).elsewhere).toBe(0);
  expect(gapOf([...REFUSED, failed(1000, 2000, 'status 503')]).elsewhere).toBe(1);
  expect(gapOf([...REFUSED, failed(9000, 9100, 'status 503')]).elsewhere).toBe(1);
});

test('without a refused connection there was none', () => {
  expect(gapOf([failed(1, 2, 'status 503')])).toEqual({ gapMs: 0, refused: 0, elsewhere: 1 });
});
