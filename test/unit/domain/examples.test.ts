/** The commented examples of the shipped catalogue pass all checks, and the model servers of one's own need no key. */
import { checkInputs } from '../../../domain/checks/check-inputs.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { clientKeys, clientView } from '../../../domain/render/client-view.ts';
import { agentsSchema } from '../../../domain/schema/agents-schema.ts';
import { litellmConfig } from '../../../domain/render/litellm-config.ts';
import { renderAuth, renderOpencode } from '../../../domain/render/opencode-files.ts';
import { localConfig } from '../../../domain/render/portkey-routes.ts';
import { fixture, RELEASE_DAY } from '../../../sandbox/fixtures.ts';
import { withExamples } from './examples.ts';
import { goodCatalog, goodSettings, shippedCatalog } from './shipped.ts';

const { catalog, problems, source } = goodCatalog(withExamples(fixture('catalog.yaml')));
const shipped = shippedCatalog().catalog;

test('they pass the checks', () => {
  expect(formatProblems(problems)).toBe('');
  expect(formatProblems(checkInputs({ today: RELEASE_DAY, catalog: { catalog, source } }))).toBe('');
  const added = Object.keys(catalog.providers).filter((id) => !Object.hasOwn(shipped.providers, id));
  expect(added).toEqual(['gemini', 'xai', 'azure', 'ollama', 'vllm', 'llamacpp', 'lmstudio']);
  // Each has a model.
  const used = new Set(Object.values(catalog.models).map(({ provider }) => provider));
  expect(added.filter((id) => !used.has(id))).toEqual([]);
});

test('those without keys are served without any key, and LiteLLM gets a fixed value instead of looking for one', () => {
  const plan = planModels(catalog, goodSettings({ mock: false }), []);
  expect(plan.served.map(({ alias, deployments }) => [alias, deployments])).toEqual(
    ['ollama-qwen', 'vllm-qwen', 'llamacpp-gemma', 'lmstudio-gpt-oss'].map((alias) => [
      alias,
      [{ id: alias, order: 1 }],
    ]),
  );
  const { model_list } = litellmConfig(plan, '') as { model_list: { litellm_params: object }[] };
  for (const { litellm_params } of model_list)
    expect(litellm_params).toMatchObject({ api_key: 'not-needed' });
});

test('a server without keys can be called directly by clients and be a target of Portkey', () => {
  const text = withExamples(fixture('catalog.yaml'))
    .replace(
      '    baseUrl: http://host.docker.internal:1234/v1',
      `    baseUrl: http://localhost:1234/v1
    gatewayBaseUrl: http://host.docker.internal:1234/v1
    portkey: openai
    client: { id: lmstudio-direct, package: '@ai-sdk/openai-compatible' }`,
    )
    .replace('targets: [openrouter-auto,', 'targets: [lmstudio-gpt-oss,');
  const own = goodCatalog(text);
  expect(formatProblems(own.problems)).toBe('');
  const settings = goodSettings({ mock: false, portkey: { mode: 'local' } });
  const inputs = {
    ...{ catalog: own.catalog, settings, keyNames: [], plan: planModels(own.catalog, settings, []) },
    ...{ endpoint: 'http://127.0.0.1:4000', agents: agentsSchema.parse({ agents: {} }), template: {} },
  };
  const config = renderOpencode(clientView(inputs));
  expect(config.enabled_providers).toContain('lmstudio-direct');
  expect(config.provider['lmstudio-direct']?.options.baseURL).toBe('http://localhost:1234/v1');
  expect(renderAuth(clientKeys(inputs, 'sk-master', {}))['lmstudio-direct']?.key).toBe('not-needed');
  const routes = localConfig(own.catalog, settings, {});
  expect(routes.targets.find(({ name }) => name === 'auto')?.targets).toMatchObject([
    { api_key: 'not-needed', custom_host: 'http://host.docker.internal:1234/v1' },
  ]);
});
