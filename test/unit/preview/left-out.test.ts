import { expect, test } from '@jest/globals';
import type { StateResource } from '../../../engine/stack-state.ts';
import { newlyLeftOut } from '../../../preview/newly-left-out.ts';

const out = (model: string, key: string) => ({
  model,
  provider: 'p',
  reason: `${key} is not set`,
  command: `pulumi config set --secret ${key} --stack dev`,
});
const deployed = (...models: string[]): StateResource[] => [
  {
    urn: 'urn:pulumi:dev::switchyard::pulumi:pulumi:Stack::switchyard-dev',
    type: 'pulumi:pulumi:Stack',
    outputs: { leftOut: models.map((model) => ({ model })) },
  },
];

test('models that a change adds without their key are named, with the command that sets it', () => {
  const leftOut = [out('old', 'A_API_KEY'), out('one', 'B_API_KEY'), out('two', 'B_API_KEY')];
  expect(newlyLeftOut(leftOut, deployed('old'))).toEqual([
    'one, two are left out: B_API_KEY is not set (pulumi config set --secret B_API_KEY --stack dev)',
  ]);
});

test('those that the last up has named already are no news', () => {
  expect(newlyLeftOut([out('old', 'A_API_KEY')], deployed('old'))).toEqual([]);
});
