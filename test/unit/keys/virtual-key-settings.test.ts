import { settingsSchema } from '../../../domain/schema/settings-schema.ts';
import { describeLimits, parseBudget } from '../../../domain/render/key-limits.ts';
import { keySetting, settingsOf } from '../../../keys/virtual-key-settings.ts';
import { goodSettings } from '../domain/shipped.ts';

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
