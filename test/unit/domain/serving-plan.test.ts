/** Which models are served, depending on the keys that are set. */
import { PORTKEY_ALIAS } from '../../../domain/plan/default-fallback.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import type { Provider } from '../../../domain/schema/catalog-schema.ts';
import { allKeys, goodCatalog, goodSettings, shippedCatalog } from './shipped.ts';
import { SMALL } from './small.ts';

const { catalog, source } = goodCatalog(SMALL);
const aliases = (plan: { served: { alias: string }[] }) => plan.served.map(({ alias }) => alias);

test('without a key only the mock is served, and every other model is unavailable with the command that enables it', () => {
  const plan = planModels(catalog, goodSettings(), []);
  expect(aliases(plan)).toEqual(['mock']);
  expect(plan.unavailable).toContainEqual({
    model: 'fast',
    provider: 'groq',
    reason: 'GROQ_API_KEY is not set',
    command: 'pulumi config set --secret GROQ_API_KEY --stack dev',
  });
  expect(plan.unavailable).toHaveLength(4);
  expect(plan.fallbacks).toEqual({});
});

test('in production there is no mock', () => {
  expect(aliases(planModels(catalog, goodSettings({ production: true }), []))).toEqual([]);
});

test('a fallback without a key is dropped with a warning that has line and column', () => {
  const plan = planModels(catalog, goodSettings(), ['OPENAI_API_KEY'], { source });
  expect(plan.fallbacks).toEqual({ big: ['other'] });
  expect(formatProblems(plan.warnings))
    .toBe(`catalog.yaml:39:9 warning: fallbacks.big[0]: the fallback fast of big is dropped: GROQ_API_KEY is not set
    pulumi config set --secret GROQ_API_KEY --stack dev
catalog.yaml:40:11 warning: fallbacks.other[0]: the fallback fast of other is dropped: GROQ_API_KEY is not set
    pulumi config set --secret GROQ_API_KEY --stack dev`);
});

test('each additional key is another deployment, in order', () => {
  const plan = planModels(catalog, goodSettings(), [
    'OPENAI_API_KEY_3',
    'OPENAI_API_KEY',
    'OPENAI_API_KEY_2',
  ]);
  expect(plan.served[0]?.deployments).toEqual([
    { id: 'big@OPENAI_API_KEY', keyName: 'OPENAI_API_KEY', order: 1 },
    { id: 'big@OPENAI_API_KEY_2', keyName: 'OPENAI_API_KEY_2', order: 2 },
    { id: 'big@OPENAI_API_KEY_3', keyName: 'OPENAI_API_KEY_3', order: 3 },
  ]);
});

test('an additional key works without the first one', () => {
  const plan = planModels(catalog, goodSettings(), ['GROQ_API_KEY_2']);
  expect(aliases(plan)).toEqual(['fast', 'mock']);
});

test('limits and prices come from the price map', () => {
  const [big] = planModels(catalog, goodSettings(), ['OPENAI_API_KEY']).served;
  expect(big).toMatchObject({
    litellmModel: 'openai/gpt-5.6',
    timeout: 120,
    limit: { context: 922_000, output: 128_000 },
    cost: { input: 4, output: 20 },
    priced: true,
  });
});

test('an answer of unknown length is limited to what every current model can give', () => {
  const facts = {
    version: '1',
    keys: {},
    models: { 'groq/openai/gpt-oss-20b': { mode: 'chat' as const, maxInputTokens: 131_072 } },
  };
  const [fast] = planModels(catalog, goodSettings(), ['GROQ_API_KEY'], { facts }).served;
  expect(fast?.limit).toEqual({ context: 131_072, output: 16_384 });
  expect(fast?.cost).toBeUndefined();
});

test.each([
  ['https://proxy/anthropic/v1', 'https://proxy/anthropic'],
  [{ gateway: 'https://proxy/a/v1/' }, 'https://proxy/a'],
  [{ client: 'https://proxy/a/v1' }, 'https://api.anthropic.com/openai'],
])("LiteLLM gets Anthropic's address without /v1: %j", (given, apiBase) => {
  const text = SMALL.replaceAll('groq', 'anthropic');
  const settings = goodSettings({ baseUrls: { anthropic: given } });
  const [fast] = planModels(goodCatalog(text).catalog, settings, ['GROQ_API_KEY']).served;
  expect(fast?.apiBase).toBe(apiBase);
});

describe('the address that LiteLLM gets', () => {
  const own = { litellm: 'hosted_vllm', baseUrl: 'http://vllm:8000/v1' };
  const inside = { ...own, gatewayBaseUrl: 'http://inside:8000/v1/' };
  test.each([
    ["is the provider's baseUrl", own, {}, 'http://vllm:8000/v1'],
    ["is that also with OpenAI's prefix", { ...own, litellm: 'openai' }, {}, 'http://vllm:8000/v1'],
    ['is its gatewayBaseUrl before that', inside, {}, 'http://inside:8000/v1'],
    ['is the setting before both', inside, { gateway: 'http://proxy/v1' }, 'http://proxy/v1'],
    [
      'is not the one that the setting has for clients',
      own,
      { client: 'http://proxy/v1' },
      'http://vllm:8000/v1',
    ],
  ])('%s', (_name, address, setting, apiBase) => {
    const groq = { ...catalog.providers.groq, ...address } as Provider;
    const changed = { ...catalog, providers: { ...catalog.providers, groq } };
    const settings = goodSettings({ baseUrls: { groq: setting } });
    expect(planModels(changed, settings, ['GROQ_API_KEY']).served[0]?.apiBase).toBe(apiBase);
  });

  test('is set for every shipped model; for the mock it is a closed port', () => {
    const { catalog: shipped } = shippedCatalog();
    const portkey = { defaultFallback: true, configs: { auto: 'pc-abc' } };
    const { served } = planModels(shipped, goodSettings({ portkey }), allKeys(shipped));
    expect(served.filter(({ apiBase }) => apiBase === undefined)).toEqual([]);
    expect(served.find(({ alias }) => alias === 'mock')?.apiBase).toBe('http://127.0.0.1:9');
  });
});

describe('Portkey as the default fallback', () => {
  const portkey = { defaultFallback: true, configs: { auto: 'pc-abc' } };

  test('is the last model of every chain of a chat model', () => {
    const plan = planModels(catalog, goodSettings({ portkey }), ['OPENAI_API_KEY', 'PORTKEY_API_KEY']);
    expect(plan.fallbacks).toEqual({ big: ['other', PORTKEY_ALIAS], other: [PORTKEY_ALIAS] });
    expect(plan.served.at(-1)).toMatchObject({
      alias: PORTKEY_ALIAS,
      litellmModel: 'openai/auto',
      apiBase: 'https://api.portkey.ai/v1',
      headers: { 'x-portkey-api-key': 'os.environ/PORTKEY_API_KEY', 'x-portkey-config': 'pc-abc' },
    });
  });

  test('is not served if it is not configured', () => {
    const settings = goodSettings({ portkey: { configs: portkey.configs } });
    const plan = planModels(catalog, settings, ['OPENAI_API_KEY', 'PORTKEY_API_KEY']);
    expect(aliases(plan)).not.toContain(PORTKEY_ALIAS);
    expect(plan.unavailable.map(({ model }) => model)).not.toContain(PORTKEY_ALIAS);
  });

  test('is unavailable without a key, with the command that enables it', () => {
    const plan = planModels(catalog, goodSettings({ portkey }), ['OPENAI_API_KEY']);
    expect(aliases(plan)).not.toContain(PORTKEY_ALIAS);
    expect(plan.unavailable.at(-1)).toEqual({
      model: PORTKEY_ALIAS,
      provider: 'portkey',
      reason: 'PORTKEY_API_KEY is not set',
      command: 'pulumi config set --secret PORTKEY_API_KEY --stack dev',
    });
  });

  test("is the stack's own Portkey in mode local, with the gateways' own key", () => {
    const settings = goodSettings({ portkey: { mode: 'local', defaultFallback: true } });
    const last = planModels(catalog, settings, ['OPENAI_API_KEY', 'GROQ_API_KEY']).served.at(-1);
    expect(last).toMatchObject({
      alias: PORTKEY_ALIAS,
      apiBase: 'http://portkey:8787/v1',
      deployments: [{ keyName: 'PORTKEY_GATEWAY_KEY' }],
    });
    expect(last).not.toHaveProperty('headers');
  });
});
