/** The catalogue of the release: it has the seed's aliases and what served them in the seed. */
import { checkInputs } from '../../../domain/checks/check-inputs.ts';
import { litellmFacts } from '../../../domain/facts/litellm-facts.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { fixture, RELEASE_DAY } from '../../../sandbox/fixtures.ts';
import { asPulumi } from './as-pulumi.ts';
import { shippedCatalog } from './shipped.ts';

const { catalog, problems, source } = shippedCatalog();

test('has no problems', () => {
  expect(formatProblems(problems)).toBe('');
  expect(formatProblems(checkInputs({ today: RELEASE_DAY, catalog: { catalog, source } }))).toBe('');
});

// The seed's table: alias, the model that served it, the provider's key.
test.each([
  ['gpt-4-turbo', 'gpt-4-turbo-preview', 'OPENAI_API_KEY'],
  ['gpt-4', 'gpt-4', 'OPENAI_API_KEY'],
  ['claude-3-opus', 'claude-3-opus-20240229', 'ANTHROPIC_API_KEY'],
  ['claude-3-5-sonnet', 'claude-3-5-sonnet-20241022', 'ANTHROPIC_API_KEY'],
  ['deepseek-coder', 'deepseek-coder', 'DEEPSEEK_API_KEY'],
  ['groq-llama3-70b', 'llama3-70b-8192', 'GROQ_API_KEY'],
  ['groq-mixtral', 'mixtral-8x7b-32768', 'GROQ_API_KEY'],
  ['mistral-large', 'mistral-large-latest', 'MISTRAL_API_KEY'],
  ['openrouter-auto', 'openrouter/auto', 'OPENROUTER_API_KEY'],
  ['openrouter-claude-3-opus', 'anthropic/claude-3-opus', 'OPENROUTER_API_KEY'],
  ['together-llama3-70b', 'meta-llama/Llama-3-70b-chat-hf', 'TOGETHER_API_KEY'],
  ['together-mixtral', 'mistralai/Mixtral-8x22B-Instruct-v0.1', 'TOGETHER_API_KEY'],
  ['perplexity-sonar', 'sonar-medium-online', 'PERPLEXITY_API_KEY'],
])('%s is there, and supersedes %s', (alias, then, key) => {
  const model = catalog.models[alias];
  expect([model?.model, ...(model?.supersedes ?? [])]).toContain(then);
  expect(catalog.providers[model?.provider ?? '']?.key).toBe(key);
});

test("has the seed's chain, timeouts, cache and limits", () => {
  expect(catalog.fallbacks['claude-3-5-sonnet']).toEqual([
    'gpt-4-turbo',
    'groq-llama3-70b',
    'together-llama3-70b',
  ]);
  const timeouts = Object.entries(catalog.models).map(([alias, model]) => [
    alias,
    model.timeout ?? catalog.defaults.timeout,
  ]);
  expect(timeouts.filter(([, seconds]) => seconds !== 60)).toEqual([
    ['gpt-4', 120],
    ['claude-3-opus', 120],
  ]);
  expect(catalog.cache).toEqual({ enabled: true, ttl: 3600, maxMb: 256, requests: 'repeatable' });
  expect(catalog.limits).toMatchObject({ requestTimeout: 120, parallelRequests: 100 });
});

test('every chat model has limits for clients, and a price unless it is a router or its price varies', () => {
  const unpriced = Object.entries(catalog.models).filter(([, model]) => {
    const known = litellmFacts.models[`${catalog.providers[model.provider]?.litellm}/${model.model}`];
    expect(model.limit ?? known?.maxInputTokens).toBeDefined();
    return (model.cost ?? known?.input) === undefined;
  });
  expect(unpriced.map(([alias]) => alias)).toEqual(['openrouter-auto', 'huggingface-gpt-oss']);
});

test.each(['dev', 'prod'] as const)('the settings of %s are valid, with different ports', (stack) => {
  const path = `Pulumi.${stack}.yaml` as const;
  const text = fixture(path);
  const parsed = parseSettings({ ...asPulumi(text), stack, file: { path, text }, catalog });
  expect(formatProblems(parsed.problems)).toBe('');
  const other = stack === 'dev' ? 'prod' : 'dev';
  const others = [{ stack: other, path: `Pulumi.${other}.yaml`, text: fixture(`Pulumi.${other}.yaml`) }];
  const { settings } = parsed;
  expect(
    settings && checkInputs({ today: RELEASE_DAY, settings: { settings, source: parsed.source }, others }),
  ).toEqual([]);
});

test("LiteLLM's fixed part is valid", () => {
  const litellmTemplate = { path: 'litellm.yaml', text: fixture('litellm.yaml') };
  expect(formatProblems(checkInputs({ today: RELEASE_DAY, litellmTemplate }))).toBe('');
});
