import { describe, expect, test } from '@jest/globals';
import {
  type Generations,
  isInGrace,
  planRotation,
  unfinished,
  unfinishedNow,
} from '../../../keys/rotation.ts';
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
  test('increments the generation and gives the old key a grace period', () => {
    expect(planRotation({ generation: 1 }, at(1), NOW, HOUR)).toEqual({
      kind: 'grace',
      generation: 2,
      previousUntil: '2026-11-24T13:00:00Z',
    });
  });

  test('with --now gives no grace period', () => {
    expect(planRotation({ generation: 1 }, at(1), NOW, { ...HOUR, now: true })).toEqual({
      kind: 'now',
      generation: 2,
    });
  });

  test('that was interrupted before the new key was created uses the same generation again', () => {
    const settings = { generation: 2, previousUntil: LATER };
    expect(planRotation(settings, at(1), NOW, HOUR)).toMatchObject({ kind: 'grace', generation: 2 });
  });

  test.each([LATER, EARLIER])(
    'that failed before the gateways had the new key uses the same generation and a new grace period (the last until %s)',
    (previousUntil) => {
      const again = {
        kind: 'grace',
        generation: 2,
        previousUntil: '2026-11-24T13:00:00Z',
        repeated: true,
      };
      const settings = { generation: 2, previousUntil };
      expect(planRotation(settings, FAILED, NOW, HOUR)).toEqual(again);
      expect(planRotation(settings, FAILED, NOW, { ...HOUR, again: true })).toEqual(again);
    },
  );

  test('with --now also skips a key that was created and never served', () => {
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

  test('makes another key during a grace period only with --again or --now', () => {
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

  test.each([
    ['before the new key was created', at(1)],
    ['before the deployment had ended', FAILED],
  ])(
    'with --now that was interrupted %s is completed, and gives the old key no grace period',
    (_, generations) => {
      const completed = { kind: 'now', generation: 2, interrupted: true };
      expect(planRotation({ generation: 2 }, generations, NOW, HOUR)).toEqual(completed);
    },
  );

  test('with --now after an interrupted one makes another key, since that one may have leaked', () => {
    expect(planRotation({ generation: 2 }, FAILED, NOW, { ...HOUR, now: true })).toEqual({
      kind: 'now',
      generation: 3,
    });
  });

  test('makes a new key once the grace period is over', () => {
    const settings = { generation: 2, previousUntil: EARLIER };
    expect(planRotation(settings, at(2), NOW, HOUR)).toMatchObject({ kind: 'grace', generation: 3 });
  });

  test('uses the serving generation if the settings are behind or ahead', () => {
    expect(planRotation({ generation: 1 }, at(4), NOW, HOUR).generation).toBe(5);
    expect(planRotation({ generation: 9 }, at(4), NOW, HOUR).generation).toBe(5);
  });
});

describe('a rotation without a grace period is unfinished', () => {
  test.each([
    ['while the outputs have an older key', { generation: 3 }, 2, 3],
    ['and no more once the outputs have it', { generation: 3 }, 3, undefined],
    ['but not one with a grace period', { generation: 3, previousUntil: LATER }, 2, undefined],
    ['but not in a stack that was never deployed', { generation: 3 }, undefined, undefined],
  ])('%s', (_, settings, serving, generation) => {
    expect(unfinishedNow(settings, serving)).toBe(generation);
  });
});

describe('a rotation with a grace period is unfinished', () => {
  test.each([
    ['while the outputs have an older key', { generation: 3, previousUntil: LATER }, 2, 3, true],
    ['also after its grace period', { generation: 3, previousUntil: EARLIER }, 2, 3, false],
    ['and no more once the outputs have it', { generation: 3, previousUntil: LATER }, 3, undefined, true],
  ])('%s', (_, settings, serving, generation, inGrace) => {
    expect([unfinished(settings, serving), isInGrace(settings, NOW)]).toEqual([generation, inGrace]);
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
    expect(() => parseDuration(text, '--grace')).toThrow('invalid duration');
  });
});

describe('a day', () => {
  test('means noon of that day', () => {
    expect(parseToday('2026-02-28').toISOString()).toBe('2026-02-28T12:00:00.000Z');
  });

  test.each(['2026-02-30', '2026-13-01', '24.11.2026', 'today', ''])('is not %j', (text) => {
    expect(() => parseToday(text)).toThrow('invalid date');
  });
});
