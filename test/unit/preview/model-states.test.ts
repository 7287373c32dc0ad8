import { expect, test } from '@jest/globals';
import { modelStates } from '../../../preview/model-states.ts';
import { previewText } from '../../../preview/preview-report.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { goodCatalog, goodSettings } from '../domain/shipped.ts';
import { SMALL } from '../domain/small.ts';

const { catalog } = goodCatalog(SMALL);
const stack = (models: string[]) => [
  {
    urn: 'urn:pulumi:dev::switchyard::pulumi:pulumi:Stack::switchyard-dev',
    type: 'pulumi:pulumi:Stack',
    outputs: { models },
  },
];
const text = (keys: string[], deployed: string[]): string => {
  const plan = planModels(catalog, goodSettings(), keys);
  const models = modelStates(plan, stack(deployed));
  const { unavailable: leftOut } = plan;
  return previewText(
    { stack: 'dev', changes: 0, warnings: [], meanings: [], steps: [], leftOut, models },
    200,
  );
};

test('a preview without a change counts the models whose key is not set, and says what lists them', () => {
  expect(text([], ['mock'])).toBe(`dev: no change
  served now: mock
  not set: 4 models: ./switchyard models dev lists them`);
});

test('models whose key is set and not deployed yet are told from those that are served', () => {
  expect(text(['OPENAI_API_KEY', 'GROQ_API_KEY'], ['mock', 'fast'])).toBe(`dev: no change
  served now: fast, mock
  set, not deployed yet: big, other, embed`);
});

test('a model whose key was removed is served until the next up', () => {
  expect(text(['OPENAI_API_KEY'], ['big', 'other', 'embed', 'fast', 'mock'])).toContain('fast');
  expect(text(['OPENAI_API_KEY'], ['big', 'other', 'embed', 'fast', 'mock'])).not.toContain('not set');
});
