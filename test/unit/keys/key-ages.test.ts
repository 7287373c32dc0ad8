import { describe, expect, test } from '@jest/globals';
import { ageWarning, deployedGeneration, keyAges, unfinishedRotations } from '../../../keys/key-ages.ts';
import type { StateResource } from '../../../engine/stack-state.ts';

const LIMITS = { warnDays: 75, rotateDays: 90 };
const NOW = new Date('2026-11-24T12:00:00Z');

function resource(name: string, created?: string): StateResource {
  const type = 'random:index/randomId:RandomId';
  return { urn: `urn:pulumi:dev::switchyard::${type}::${name}`, type, ...(created ? { created } : {}) };
}

/** A key that was deployed so many days ago. */
function key(name: string, days: number): StateResource {
  return resource(`key-age-${name}`, new Date(NOW.getTime() - days * 86_400_000).toISOString());
}

describe('the age of a key', () => {
  test.each([
    [0, 'fresh'],
    [74, 'fresh'],
    [75, 'old'],
    [89, 'old'],
    [90, 'rotate'],
    [400, 'rotate'],
  ])('%i days: %s', (days, state) => {
    expect(keyAges('dev', [key('GROQ_API_KEY', days)], LIMITS, NOW)).toEqual([
      expect.objectContaining({ name: 'GROQ_API_KEY', days, state }),
    ]);
  });

  test('counts whole days', () => {
    const nearly = key('GROQ_API_KEY', 90 - 1 / 86_400);
    expect(keyAges('dev', [nearly], LIMITS, NOW)[0]).toMatchObject({ days: 89, state: 'old' });
  });

  test('of a key that exists twice after an interrupted up is that of the older one, and its rotation is unfinished', () => {
    const state = [
      key('GROQ_API_KEY', 0),
      { ...key('GROQ_API_KEY', 80), delete: true },
      key('OPENAI_API_KEY', 3),
    ];
    expect(keyAges('dev', state, LIMITS, NOW).map(({ name, days }) => [name, days])).toEqual([
      ['GROQ_API_KEY', 80],
      ['OPENAI_API_KEY', 3],
    ]);
    expect(unfinishedRotations(state)).toEqual(['GROQ_API_KEY']);
  });

  test('is never negative, even if a clock is wrong', () => {
    expect(keyAges('dev', [key('GROQ_API_KEY', -3)], LIMITS, NOW)[0]?.days).toBe(0);
  });

  test('is listed for the newest master key as well, the oldest key first', () => {
    const state = [
      key('GROQ_API_KEY', 10),
      resource('master-key-9', '2026-01-01T00:00:00Z'),
      resource('master-key-10', '2026-08-01T00:00:00Z'),
      resource('master-key', '2026-01-01T00:00:00Z'),
      resource('gateway-0', '2026-01-01T00:00:00Z'),
    ];
    expect(
      keyAges('prod', state, LIMITS, NOW).map(({ name, days, command }) => [name, days, command]),
    ).toEqual([
      ['master key', 115, './switchyard keys rotate prod'],
      ['GROQ_API_KEY', 10, 'pulumi config set --secret GROQ_API_KEY --stack prod'],
    ]);
    expect(deployedGeneration(state)).toBe(10);
  });

  test('gives a warning once the key is no longer fresh', () => {
    const said = [10, 80, 95].map((days) =>
      ageWarning(keyAges('dev', [key('A_API_KEY', days)], LIMITS, NOW)[0]!),
    );
    expect(said).toEqual([
      undefined,
      'A_API_KEY is 80 days old: rotate it soon (pulumi config set --secret A_API_KEY --stack dev)',
      'A_API_KEY is 95 days old: rotate it (pulumi config set --secret A_API_KEY --stack dev)',
    ]);
  });

  test('is unknown if nothing is deployed', () => {
    expect(keyAges('dev', [], LIMITS, NOW)).toEqual([]);
    expect(deployedGeneration([])).toBeUndefined();
  });
});
