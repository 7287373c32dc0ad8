/** The sample of a run: repeatable by its seed, and over some seeds everything. */
import { describe, expect, test } from '@jest/globals';
import { sample, seedOf } from '../../harness/soak.ts';

const ALL = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

describe('a sample', () => {
  test('is the same for the same seed, has no member twice, and keeps the order', () => {
    for (const seed of SEEDS) {
      const chosen = sample(ALL, 3, seed);
      expect(chosen).toHaveLength(3);
      expect(sample(ALL, 3, seed)).toEqual(chosen);
      expect(ALL.filter((one) => chosen.includes(one))).toEqual(chosen);
    }
  });

  test('leaves none out for ever, and prefers none', () => {
    const times = ALL.map((one) => SEEDS.filter((seed) => sample(ALL, 1, seed)[0] === one).length);
    for (const count of times) expect(count).toBeGreaterThanOrEqual(5);
    expect(times.reduce((sum, count) => sum + count)).toBe(SEEDS.length);
  });

  test('of more than there is is all of it', () => {
    expect(sample(ALL, 99, 4)).toEqual(ALL);
  });
});

test('a seed is a whole number, and nothing else is taken for one', () => {
  expect([seedOf(undefined), seedOf('0'), seedOf('42')]).toEqual([1, 0, 42]);
  for (const text of ['', 'x', '1.5', '-1', '1e3'])
    expect(() => seedOf(text)).toThrow(`SWITCHYARD_SEED is "${text}"`);
});
