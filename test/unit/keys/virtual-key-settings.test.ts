import { settingsSchema } from '../../../domain/schema/settings-schema.ts';
import { describeLimits, parseBudget } from '../../../domain/render/key-limits.ts';
import type { UserError } from '../../../console/errors.ts';
import { parseExpiry } from '../../../console/time-options.ts';
import type { Problem } from '../../../domain/diagnostics/problems.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { newKeyError } from '../../../keys/new-key-problems.ts';
import { keySetting, requireKeyName, settingsOf } from '../../../keys/virtual-key-settings.ts';
import { goodSettings, shippedCatalog } from '../domain/shipped.ts';

describe('the options of `keys add`', () => {
  test('become settings that Pulumi writes one by one', () => {
    expect(
      settingsOf({
        owner: 'Alice A.',
        models: ['gpt-4', 'mock'],
        lanes: ['cheap'],
        budget: [
          { usd: '20', window: 'month' },
          { usd: '0.5', window: 'day' },
        ],
        requestsPerMinute: 60,
        tokensPerMinute: 200_000,
        parallelRequests: 4,
        expires: '2027-01-01T00:00:00Z',
      }),
    ).toEqual([
      ['generation', '1'],
      ['owner', 'Alice A.'],
      ['requestsPerMinute', '60'],
      ['tokensPerMinute', '200000'],
      ['parallelRequests', '4'],
      ['expires', '2027-01-01T00:00:00Z'],
      ['models[0]', 'gpt-4'],
      ['models[1]', 'mock'],
      ['lanes[0]', 'cheap'],
      ['budget[0].usd', '20'],
      ['budget[0].window', 'month'],
      ['budget[1].usd', '0.5'],
      ['budget[1].window', 'day'],
    ]);
    expect(settingsOf({})).toEqual([['generation', '1']]);
  });

  test.each([
    ['20/month', { usd: '20', window: 'month' }],
    ['$0.000000001/hour', { usd: '0.000000001', window: 'hour' }],
    ['20', undefined],
    ['20/year', undefined],
    ['-20/day', undefined],
    ['1e3/day', undefined],
    ['/day', undefined],
    ['20 / day', undefined],
  ])('a budget is an amount and a window: %s', (text, expected) => {
    expect(parseBudget(text)).toEqual(expected);
  });
});

test('the limits of a key in one line', () => {
  const { keys } = settingsSchema.parse({
    port: 4000,
    keys: {
      alice: { budget: { usd: 20, window: 'month' }, parallelRequests: 4 },
      bob: {
        budget: [
          { usd: '0.5', window: 'day' },
          { usd: 5, window: 'week' },
        ],
        requestsPerMinute: 6,
        tokensPerMinute: 700,
      },
      carol: {},
    },
  });
  expect(Object.values(keys).map((key) => describeLimits(key))).toEqual([
    '$20/month, 4 at once',
    '$0.5/day, $5/week, 6 requests/min, 700 tokens/min',
    '',
  ]);
});

describe('the settings of a key', () => {
  const settings = goodSettings({ keys: { alice: { generation: 3 } } });

  test('exist for `default`, which the settings need not mention', () => {
    expect(keySetting(settings, 'default')).toEqual({ generation: 1 });
    expect(keySetting(goodSettings({ keys: { default: { generation: 2 } } }), 'default').generation).toBe(2);
    expect(keySetting(settings, 'alice').generation).toBe(3);
  });

  test.each([
    ['alicia', '; did you mean "alice"?', './switchyard keys revoke alice dev'],
    ['zoe', '', './switchyard keys list dev'],
  ])('of an unknown one, %s: the nearest name, the list, and the command again', (alias, hint, command) => {
    let refused: unknown;
    try {
      keySetting(settings, alias, ['keys', 'revoke', alias, 'dev']);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({
      message: `stack dev has no key "${alias}"${hint}`,
      allowed: ['default', 'alice'],
      command,
    });
  });
});

describe('a new key that the settings must not have', () => {
  const refused = (key: unknown, alias = 'alice') => {
    const { problems } = parseSettings({
      ...{ stack: 'dev', secretKeys: [], catalog: shippedCatalog().catalog },
      config: { port: '4000', keys: JSON.stringify({ [alias]: key }) },
    });
    return newKeyError(alias, problems);
  };

  test.each([
    [{ models: ['gpt4'] }, '--model: no such model: "gpt4"; did you mean "gpt-4"?'],
    [{ lanes: ['x'] }, '--lane: no such lane of the gateway: "x"'],
    [{ budget: [{ usd: '0', window: 'month' }] }, '--budget: found "0"; expected US dollars'],
    [{ expires: 'nope' }, '--expires: found "nope"; expected a time'],
    [{ owner: '' }, '--owner: found ""'],
  ])('is an error about the option: %j', (key, message) => {
    const error = refused(key);
    expect(error?.message).toContain(message);
    expect(error?.message).not.toContain('Pulumi.dev.yaml');
    expect(error?.command).toBe('./switchyard keys add --help');
  });

  test.each(['Al ice', 'master'])('is an error about its name: %s', (alias) => {
    expect(refused({}, alias)?.message).toMatch(/^<alias>: the name is not allowed/);
  });

  test.each([
    // As a key of an object it would be lost before a check saw it, and be in the file all the same.
    ['__proto__', '"__proto__"', '1 to 40 small letters'],
    ['Alice B', '"Alice B"', '1 to 40 small letters'],
    ['', '""', '1 to 40 small letters'],
    ['a'.repeat(41), '(hidden: it looks like a key)', '1 to 40 small letters'],
    ['master', '"master"', 'reserved'],
    ['alice-previous', '"alice-previous"', 'reserved'],
  ])(
    'has a name that is checked alone, so that the error says what was found: %s',
    (alias, found, allowed) => {
      let error: unknown;
      try {
        requireKeyName(alias);
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({
        where: '<alias>',
        found,
        allowed: expect.stringContaining(allowed) as unknown,
      });
      expect(() => requireKeyName('a'.repeat(40))).not.toThrow();
    },
  );

  test('keeps the place of an error that is not its own', () => {
    const other: Problem = { severity: 'error', file: 'Pulumi.dev.yaml', line: 3, column: 1, path: 'config.switchyard:port', message: 'wrong', fix: 'set it' }; // prettier-ignore
    expect(newKeyError('alice', [other])).toMatchObject({
      message: 'Pulumi.dev.yaml:3:1 config.switchyard:port: wrong\n    set it',
      command: undefined,
    });
    expect(newKeyError('alice', [{ ...other, severity: 'warning' }])).toBeUndefined();
  });
});

describe('when a key expires', () => {
  const now = new Date('2026-11-27T10:00:00Z');

  test.each([
    ['2026-12-31', '2027-01-01T00:00:00Z'],
    ['2026-11-27', '2026-11-28T00:00:00Z'],
    ['2026-12-31T18:00:00Z', '2026-12-31T18:00:00Z'],
  ])('a day counts through its end: %s', (text, expected) => {
    expect(parseExpiry(text, '--expires', now)).toBe(expected);
  });

  test.each([
    '2026-02-30',
    '2026-13-01',
    '31.12.2026',
    '2026-12-31T18:00',
    'tomorrow',
    '2026-11-26',
    '2026-11-27T10:00:00Z',
  ])('is refused, with an example in the future: %s', (text) => {
    let refused: unknown;
    try {
      parseExpiry(text, '--expires', now);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ where: '--expires', found: text });
    expect((refused as UserError).allowed).toContain('2027-12-31');
  });
});
