import { expect, test } from '@jest/globals';
import { oldValue } from '../../../cli/keys-list.ts';

test.each([
  [undefined, ''],
  ['2026-11-28T09:59:59Z', ''],
  ['2026-11-28T10:00:01Z', '; old value until 2026-11-28T10:00:01Z'],
])('the state of a key says until when its previous value is accepted: %s', (until, expected) => {
  expect(oldValue(until, new Date('2026-11-28T10:00:00Z'))).toBe(expected);
});
