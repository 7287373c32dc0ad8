import { describe, expect, test } from '@jest/globals';
import { type Generations, planRotation } from '../../../keys/rotation.ts';
import { parseDuration, parseToday } from '../../../console/time-options.ts';

const NOW = new Date('2026-11-24T12:00:00.123Z');
const HOUR = { graceMs: 3_600_000 };
const LATER = '2026-11-24T20:00:00Z';
const EARLIER = '2026-11-24T11:59:59Z';

/** All gateways have the newest key of the state. */
function at(generation: number): Generations {
  return { serving: generation, deployed: generation };
}

/** The state has the new key, and the gateways failed before they had it. */
const FAILED: Generations = { serving: 1, deployed: 2 };

describe('a rotation', () => {
  test('counts up, and gives the old key its grace', () => {
    expect(planRotation({ generation: 1 }, at(1), NOW, HOUR)).toEqual({
      kind: 'grace',
      generation: 2,
      previousUntil: '2026-11-24T13:00:00Z',
    });
  });

  test('with --now gives none', () => {
    expect(planRotation({ generation: 1 }, at(1), NOW, { ...HOUR, now: true })).toEqual({
      kind: 'now',
      generation: 2,
    });
  });

  test('that was interrupted before the new key was made takes the same number again', () => {
    const settings = { generation: 2, previousUntil: LATER };
    expect(planRotation(settings, at(1), NOW, HOUR)).toMatchObject({ kind: 'grace', generation: 2 });
  });

  test.each([LATER, EARLIER])(
    'that failed before the gateways had the new key takes the same number and a whole grace again (the last until %s)',
    (previousUntil) => {
      const again = { kind: 'grace', generation: 2, previousUntil: '2026-11-24T13:00:00Z' };
      const settings = { generation: 2, previousUntil };
      expect(planRotation(settings, FAILED, NOW, HOUR)).toEqual(again);
      expect(planRotation(settings, FAILED, NOW, { ...HOUR, again: true })).toEqual(again);
    },
  );

  test('for a leak leaves the key behind as well that was made and never served', () => {
    const settings = { generation: 2, previousUntil: EARLIER };
    expect(planRotation(settings, FAILED, NOW, { ...HOUR, now: true })).toEqual({
      kind: 'now',
      generation: 3,
    });
  });

  test('that was interrupted once the gateways had the new key is finished', () => {
    const settings = { generation: 2, previousUntil: LATER };
    expect(planRotation(settings, at(2), NOW, HOUR)).toEqual({
      kind: 'finish',
      generation: 2,
      previousUntil: LATER,
    });
  });

  test('goes on to the next key in the midst of a grace only when asked, or for a leak', () => {
    const settings = { generation: 2, previousUntil: LATER };
    expect(planRotation(settings, at(2), NOW, { ...HOUR, again: true })).toMatchObject({
      kind: 'grace',
      generation: 3,
    });
    expect(planRotation(settings, at(2), NOW, { ...HOUR, now: true })).toEqual({
      kind: 'now',
      generation: 3,
    });
  });

  test('begins anew once the grace is over', () => {
    const settings = { generation: 2, previousUntil: EARLIER };
    expect(planRotation(settings, at(2), NOW, HOUR)).toMatchObject({ kind: 'grace', generation: 3 });
  });

  test('goes by what serves where the settings lag behind or run ahead', () => {
    expect(planRotation({ generation: 1 }, at(4), NOW, HOUR).generation).toBe(5);
    expect(planRotation({ generation: 9 }, at(4), NOW, HOUR).generation).toBe(5);
  });
});

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text, '--grace')).toBe(ms);
  });

  test.each(['', '0h', '24', 'h', '-1h', '1.5h', '91d', '1w', '24h '])('is not %j', (text) => {
    expect(() => parseDuration(text, '--grace')).toThrow('that is no duration');
  });
});

describe('a day', () => {
  test('is taken at noon', () => {
    expect(parseToday('2026-02-28').toISOString()).toBe('2026-02-28T12:00:00.000Z');
  });

  test.each(['2026-02-30', '2026-13-01', '24.11.2026', 'today', ''])('is not %j', (text) => {
    expect(() => parseToday(text)).toThrow('that is no day');
  });
});
