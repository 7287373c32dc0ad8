/** LiteLLM's config: a snapshot for a small catalogue, and what it must never contain. */
import { parse } from 'yaml';
import { MOCK_ANSWER, renderLitellm } from '../../../domain/render/litellm-config.ts';
import { checkKeys, checkLitellmTemplate } from '../../../domain/checks/litellm-keys.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { readYaml } from '../../../domain/diagnostics/yaml-source.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import { allKeys, goodCatalog, goodSettings, shippedCatalog } from './shipped.ts';
import { SMALL } from './small.ts';

const FIXED = 'router_settings:\n  num_retries: 0\nlitellm_settings:\n  drop_params: true\n';
const { catalog } = goodCatalog(SMALL);

test("the mock's answer has a command that works in a new shell: it finds pulumi, and names the stack", () => {
  expect(MOCK_ANSWER).toMatch(
    /: eval "\$\(\.\/switchyard env (\w+)\)" && pulumi config set --secret \w+ --stack \1 && \.\/switchyard up \1$/,
  );
});

test('the config of a small catalogue matches the snapshot', () => {
  const settings = goodSettings({ baseUrls: { groq: { gateway: 'http://proxy/groq' } } });
  const plan = planModels(catalog, settings, ['OPENAI_API_KEY', 'OPENAI_API_KEY_2', 'GROQ_API_KEY']);
  expect(renderLitellm(plan, FIXED)).toMatchSnapshot();
});

test('the same input gives the same text', () => {
  const plan = planModels(catalog, goodSettings(), ['OPENAI_API_KEY']);
  const again = planModels(catalog, goodSettings(), ['OPENAI_API_KEY']);
  expect(renderLitellm(plan, FIXED)).toBe(renderLitellm(again, FIXED));
});

test.each(['on', 'no', 'y', '5_0', '0b1', '0o7', '017', '1e3', '2026-10-23', 'null', '0x1f', '1.5'])(
  'the alias %s is a string in YAML 1.1 too',
  (alias) => {
    const { catalog: odd } = goodCatalog(SMALL.replaceAll('other', JSON.stringify(alias)));
    const text = renderLitellm(planModels(odd, goodSettings(), ['OPENAI_API_KEY', 'GROQ_API_KEY']), FIXED);
    const config = parse(text, { version: '1.1' }) as { router_settings: { fallbacks: unknown[] } };
    expect(config.router_settings.fallbacks).toEqual([{ big: ['fast', alias] }, { [alias]: ['fast'] }]);
  },
);

test('a plan without models results in a valid config', () => {
  const config = parse(
    renderLitellm(planModels(catalog, goodSettings({ mock: false }), []), FIXED),
  ) as Record<string, unknown>;
  expect(config.model_list).toEqual([]);
});

test("LiteLLM's own cache is off, whatever litellm.yaml of an earlier release says", () => {
  const fixed =
    'litellm_settings:\n  cache_params: { type: disk, ttl: 9 }\nrouter_settings:\n  cache_responses: true\n';
  const config = parse(renderLitellm(planModels(catalog, goodSettings(), []), fixed)) as Record<
    string,
    object
  >;
  expect(config.litellm_settings).toMatchObject({ cache: false });
  expect(config.litellm_settings).not.toHaveProperty('cache_params');
  expect(config.router_settings).not.toHaveProperty('cache_responses');
});

test('LiteLLM reads every key of the shipped config with all providers and options', () => {
  const { catalog: shipped } = shippedCatalog();
  const keys = allKeys(shipped).flatMap((key) => [key, `${key}_2`]);
  const settings = goodSettings({
    portkey: { defaultFallback: true, configs: { auto: 'pc-abc' } },
    baseUrls: { openai: 'http://10.0.0.1/v1' },
  });
  const text = renderLitellm(planModels(shipped, settings, keys), fixture('litellm.yaml'));
  const { data, source } = readYaml(text, 'config.yaml');
  expect(formatProblems(checkKeys(data, source))).toBe('');
  // The names of keys, never their values.
  expect(
    [...text.matchAll(/(?:api_key|x-portkey-api-key): (.*)/g)].every(([, value]) =>
      value?.startsWith('os.environ/'),
    ),
  ).toBe(true);
});

test.each([
  [
    'a key that LiteLLM passes over',
    'litellm_settings:\n  drop_param: true\n',
    'litellm.yaml:2:3 litellm_settings.drop_param: LiteLLM 1.106.10 does not read this key; did you mean "drop_params"?',
  ],
  [
    'a section that it passes over',
    'general_setting:\n  custom_auth: x.y\n',
    'litellm.yaml:1:1 general_setting: LiteLLM 1.106.10 does not read this key; did you mean "general_settings"?',
  ],
  [
    'a key in the wrong section',
    'general_settings:\n  telemetry: false\n',
    'litellm.yaml:2:3 general_settings.telemetry: LiteLLM 1.106.10 does not read this key',
  ],
  [
    'a key deep down',
    'general_settings:\n  key_management_settings:\n    custom_secret_managr: a.b\n',
    'litellm.yaml:3:5 general_settings.key_management_settings.custom_secret_managr: LiteLLM 1.106.10 does not read this key; did you mean "custom_secret_manager"?',
  ],
  [
    'a key that comes from the catalogue',
    'general_settings:\n  key_management_settings:\n    hosted_keys: []\n',
    'litellm.yaml:3:5 general_settings.key_management_settings.hosted_keys: this comes from catalog.yaml and must not be set here',
  ],
  [
    "the settings of LiteLLM's own cache",
    'litellm_settings:\n  cache_params:\n    type: disk\nrouter_settings: { cache_responses: true }\n',
    "litellm.yaml:2:3 warning: litellm_settings.cache_params: ignored: LiteLLM's own cache is off, the gateway has one of its own\n" +
      '    remove it, and set `cache` in config-templates/catalog.yaml: docs/cache.md\n' +
      "litellm.yaml:4:20 warning: router_settings.cache_responses: ignored: LiteLLM's own cache is off, the gateway has one of its own\n" +
      '    remove it, and set `cache` in config-templates/catalog.yaml: docs/cache.md',
  ],
  [
    "LiteLLM's own cache switched on",
    'litellm_settings: { cache: true }\n',
    'litellm.yaml:1:21 litellm_settings.cache: this comes from catalog.yaml and must not be set here',
  ],
  [
    'models of its own',
    'model_list:\n  - model_name: mine\n',
    'litellm.yaml:1:1 model_list: this comes from catalog.yaml and must not be set here',
  ],
  [
    'a list',
    '- a\n',
    'litellm.yaml:1:1 expected a mapping: litellm_settings, router_settings, general_settings',
  ],
  [
    'no YAML',
    'a: [',
    'litellm.yaml:1:5 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
])('litellm.yaml with %s', (_name, text, expected) => {
  expect(formatProblems(checkLitellmTemplate(text, 'litellm.yaml'))).toBe(expected);
});

test('rendering fails if a key is in both parts', () => {
  const plan = planModels(catalog, goodSettings(), []);
  expect(() => renderLitellm(plan, 'litellm_settings:\n  cache: true\n')).toThrow(
    'litellm.yaml must not set litellm_settings.cache: it comes from catalog.yaml',
  );
});
