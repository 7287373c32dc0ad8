import { expect, test } from '@jest/globals';
import type { StateResource } from '../../../engine/stack-state.ts';
import { newlyUnavailable } from '../../../preview/newly-unavailable.ts';

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

test('models that are added without their key are described, with the command that sets it', () => {
  const leftOut = [out('old', 'A_API_KEY'), out('one', 'B_API_KEY'), out('two', 'B_API_KEY')];
  expect(newlyUnavailable(leftOut, deployed('old'))).toEqual([
    'one, two are unavailable: B_API_KEY is not set (pulumi config set --secret B_API_KEY --stack dev)',
  ]);
});

test('models that the last up already listed as unavailable are not described again', () => {
  expect(newlyUnavailable([out('old', 'A_API_KEY')], deployed('old'))).toEqual([]);
});
