import { limitsFile } from '../../../domain/render/limits-file.ts';
import { nanoUsd } from '../../../domain/schema/limits-schema.ts';
import type { Settings } from '../../../domain/schema/settings-schema.ts';
import { stackPlan, gatewayFiles } from '../../../stacks/container-files.ts';
import { describeServingChanges } from '../../../preview/serving-changes.ts';
import { shippedInputs } from '../../harness/client-of.ts';
import { goodSettings } from './shipped.ts';

const SERVED = [
  { alias: 'two', provider: 'groq' },
  { alias: 'one', provider: 'openai' },
];

describe('limits.json', () => {
  test('does not exist without any limit', () => {
    expect(limitsFile(goodSettings({ keys: { alice: { models: ['one'] } } }), SERVED)).toBeUndefined();
    expect(limitsFile(goodSettings({ budgets: { timeZone: 'Europe/Berlin' } }), SERVED)).toBeUndefined();
  });

  test('has every limit, sorted, with exact nano-dollars', () => {
    const given = goodSettings({
      keys: {
        zoe: { parallelRequests: 4, budget: { usd: 0.1, window: 'hour' } },
        default: {
          requestsPerMinute: 60,
          budget: [
            { usd: 20, window: 'month' },
            { usd: '2.000000001', window: 'day' },
          ],
        },
        bob: {},
      },
      budgets: {
        timeZone: 'Europe/Berlin',
        onFailure: 'allow',
        stack: { usd: 500, window: 'week' },
        lanes: { cheap: { usd: 3, window: 'day' } },
        providers: { openai: { usd: 1_000_000, window: 'month' } },
      },
    });
    const expected = {
      timeZone: 'Europe/Berlin',
      onFailure: 'allow',
      budgets: [
        { scope: 'key', name: 'default', nanoUsd: 2_000_000_001, window: 'day' },
        { scope: 'key', name: 'default', nanoUsd: 20_000_000_000, window: 'month' },
        { scope: 'key', name: 'zoe', nanoUsd: 100_000_000, window: 'hour' },
        { scope: 'lane', name: 'cheap', nanoUsd: 3_000_000_000, window: 'day' },
        { scope: 'provider', name: 'openai', nanoUsd: 1_000_000_000_000_000, window: 'month' },
        { scope: 'stack', name: '', nanoUsd: 500_000_000_000, window: 'week' },
      ],
      rates: { default: { requestsPerMinute: 60 }, zoe: { parallelRequests: 4 } },
      providers: { one: 'openai', two: 'groq' },
    };
    // As text: the order counts.
    expect(JSON.stringify(limitsFile(given, SERVED))).toBe(JSON.stringify(expected));
    const reversed: Settings = {
      ...given,
      keys: Object.fromEntries(Object.entries(given.keys).reverse()),
    };
    expect(JSON.stringify(limitsFile(reversed, SERVED.toReversed()))).toBe(JSON.stringify(expected));
  });

  test.each([
    [0.1, 100_000_000],
    [0.3, 300_000_000],
    [1.1, 1_100_000_000],
    [1e-9, 1],
    ['0.000000001', 1],
    [999_999.999999999, 999_999_999_999_999],
    [4.35, 4_350_000_000],
    ['1000000', 1_000_000_000_000_000],
  ])('%s dollars are %i nano-dollars', (usd, nano) => {
    expect(nanoUsd(usd)).toBe(nano);
  });

  test('is uploaded to the gateways only if there is a limit, and preview names what changes', () => {
    const { keyNames, ...rest } = shippedInputs({ keys: { OPENAI_API_KEY: 'x' } });
    const inputs = { ...rest, keyNames: [...keyNames] };
    const limited = (usd: number) => ({
      ...inputs,
      settings: goodSettings({ budgets: { stack: { usd, window: 'day' } } }),
    });
    const path = '/etc/switchyard/limits.json';
    expect(gatewayFiles(inputs).map((file) => file.path)).not.toContain(path);
    const file = gatewayFiles(limited(5)).find((one) => one.path === path);
    expect(JSON.parse(file!.content)).toEqual(limitsFile(limited(5).settings, inputs.plan.served));
    expect(describeServingChanges(stackPlan(limited(5)), stackPlan(limited(7)))).toEqual([
      'gateway setting limits.budgets.stack per day: $5 → $7',
    ]);
  });
});
