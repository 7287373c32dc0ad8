import { expect, test } from '@jest/globals';
import { median, percentile, ratio, rounded } from '../../../bench/statistics.ts';

test('the median is the middle value, or the mean of the two middle values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a percentile is one of the measured values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([1, 2], 0)).toBe(1);
  expect(percentile([], 0.5)).toBeNaN();
});

test('figures are sorted as numbers', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(percentile([10, 9, 100], 0.99)).toBe(100);
});

test('figures have three significant digits, and from 100 on are whole numbers', () => {
  expect(rounded(12.3456)).toBe(12.3);
  expect(rounded(0.012345)).toBe(0.0123);
  expect(rounded(12345.6)).toBe(12346);
});

test('there is no ratio to zero or to a missing value', () => {
  expect(ratio(3, 2)).toBe(1.5);
  expect(ratio(3, 0)).toBeUndefined();
  expect(ratio(3, undefined)).toBeUndefined();
  expect(ratio(undefined, 3)).toBeUndefined();
});
