import { virtualKeys } from '../../../domain/plan/key-plan.ts';
import { goodCatalog, goodSettings } from './shipped.ts';
import { SMALL } from './small.ts';

const { catalog } = goodCatalog(SMALL);
const planned = (keys: Record<string, unknown>) => virtualKeys(goodSettings({ keys }), catalog);

test('every stack has the key default, with or without settings of it', () => {
  expect(planned({})).toEqual([{ alias: 'default', generation: 1, limited: false }]);
  expect(planned({ zoe: {}, default: { generation: 3, requestsPerMinute: 5 }, alice: {} })).toEqual([
    { alias: 'alice', generation: 1, limited: false },
    { alias: 'default', generation: 3, limited: true },
    { alias: 'zoe', generation: 1, limited: false },
  ]);
});

test.each([
  { budget: { usd: 1, window: 'day' } },
  { requestsPerMinute: 1 },
  { tokensPerMinute: 1 },
  { parallelRequests: 1 },
])('a key is limited by %j', (limit) => {
  expect(planned({ default: limit })).toMatchObject([{ limited: true }]);
});
