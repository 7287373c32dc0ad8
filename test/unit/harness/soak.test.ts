/** The sample of a run: repeatable with its seed, and over several seeds complete. */
import { describe, expect, test } from '@jest/globals';
import { sample, seedOf } from '../../harness/soak.ts';

const ALL = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

describe('a sample', () => {
  test('is the same for the same seed, has no duplicates, and keeps the order', () => {
    for (const seed of SEEDS) {
      const chosen = sample(ALL, 3, seed);
      expect(chosen).toHaveLength(3);
      expect(sample(ALL, 3, seed)).toEqual(chosen);
      expect(ALL.filter((one) => chosen.includes(one))).toEqual(chosen);
    }
  });

  test('includes each item for some seeds, and about equally often', () => {
    const times = ALL.map((one) => SEEDS.filter((seed) => sample(ALL, 1, seed)[0] === one).length);
    for (const count of times) expect(count).toBeGreaterThanOrEqual(5);
    expect(times.reduce((sum, count) => sum + count)).toBe(SEEDS.length);
  });

  test('contains all items if it is larger than the list', () => {
    expect(sample(ALL, 99, 4)).toEqual(ALL);
  });
});

test('a seed must be a whole number', () => {
  expect([seedOf(undefined), seedOf('0'), seedOf('42')]).toEqual([1, 0, 42]);
  for (const text of ['', 'x', '1.5', '-1', '1e3'])
    expect(() => seedOf(text)).toThrow(`SWITCHYARD_SEED is "${text}"`);
});
