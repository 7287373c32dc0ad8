/**
 * The real LiteLLM, in the image that the stack builds: it loads every config that is rendered from a valid catalogue, completely and
 * without a warning, and it matches `domain/facts/litellm.generated.json`.
 */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { parse } from 'yaml';
import { renderLitellm } from '../../domain/render/litellm-config.ts';
import { parseCatalog } from '../../domain/read/catalog-file.ts';
import { planModels } from '../../domain/plan/serving-plan.ts';
import { formatProblems } from '../../domain/diagnostics/problems.ts';
import { litellmFactsText } from '../../scripts/generate-litellm.ts';
import { ROOT } from '../../console/home-paths.ts';
import { IMAGE_MS, imageOf } from '../harness/images.ts';
import { catalogTexts } from '../unit/domain/arbitrary.ts';
import { allKeys, goodSettings, repositoryFile } from '../unit/domain/shipped.ts';
import '../seed.ts';

/** What litellm_accepts.py prints for a config. */
interface Loaded {
  error?: string;
  models: { name: string; id: string; model: string; key: string | null; timeout: number }[];
  fallbacks: Record<string, string[]>[];
  strategy: string;
  retries: number;
  warnings: string[];
}

interface Config {
  model_list: {
    model_name: string;
    litellm_params: { model: string; api_key?: string; timeout: number };
    model_info: { id: string };
  }[];
  router_settings: { fallbacks: Record<string, string[]>[]; routing_strategy: string };
}

const RANDOM = 25;
/** Warnings that LiteLLM logs for every config, and that are not about the rendered part. */
const HARMLESS =
  /^LITELLM_MASTER_KEY is not set|^custom_auth is configured but|has custom pricing but not in built-in cost map/;

let image: string;
let folder: string;

beforeAll(async () => {
  image = await imageOf('gateway');
  folder = await mkdtemp(join(tmpdir(), 'switchyard-accepts-'));
}, IMAGE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('prices, dates and config keys are those of the image (npm run generate)', async () => {
  const facts = JSON.parse(await litellmFactsText({ image })) as unknown;
  expect(facts).toEqual(JSON.parse(repositoryFile('domain/facts/litellm.generated.json')));
}, 300_000);

// The checkout's own catalogue, not the release's: LiteLLM must load what operators have made of it.
test("LiteLLM loads the checkout's catalogue and random valid ones", async () => {
  const texts = {
    own: repositoryFile('config-templates/catalog.yaml'),
    ...Object.fromEntries(fc.sample(catalogTexts, RANDOM).map((text, n) => [`random-${n}`, text])),
  };
  const rendered = new Map<string, Config>();
  const secrets = new Set<string>();
  await mkdir(join(folder, 'configs'));
  await mkdir(join(folder, 'secrets'));
  for (const [name, text] of Object.entries(texts)) {
    const { catalog, problems } = parseCatalog(text, name === 'own' ? 'config-templates/catalog.yaml' : name);
    if (catalog === undefined) throw new Error(formatProblems(problems));
    const keys = allKeys(catalog).flatMap((key) => [key, `${key}_2`]);
    keys.forEach((key) => secrets.add(key));
    const routes = Object.keys(catalog.portkey?.routes ?? {}).slice(0, 1);
    const configs = Object.fromEntries(routes.map((route) => [route, 'pc-1']));
    const portkey =
      name === 'own' && routes.length > 0 ? { portkey: { defaultFallback: true, configs } } : {};
    const config = renderLitellm(
      planModels(catalog, goodSettings(portkey), keys),
      repositoryFile('config-templates/litellm.yaml'),
    );
    rendered.set(`${name}.yaml`, parse(config) as Config);
    await writeFile(join(folder, 'configs', `${name}.yaml`), config);
  }
  for (const key of secrets) await writeFile(join(folder, 'secrets', key), `value-of-${key}`);
  await writeFile(join(folder, 'secrets/client-keys.json'), '{"keys":[]}');
  // The config names the hooks, which LiteLLM looks for beside it.
  await cp(join(ROOT, 'runtimes/gateway/image/programs'), join(folder, 'configs'), { recursive: true });
  await chmod(folder, 0o755);

  const mounts = ['configs:/configs:ro', 'secrets:/run/secrets:ro'].flatMap((mount) => [
    '-v',
    `${folder}/${mount}`,
  ]);
  const environment = ['LITELLM_LOCAL_MODEL_COST_MAP=True', 'PYTHONDONTWRITEBYTECODE=1'].flatMap((one) => [
    '-e',
    one,
  ]);
  const script = join(ROOT, 'test/e2e/litellm_accepts.py');
  const { stdout } = await execa(
    'docker',
    [
      'run',
      '--rm',
      '-i',
      '--network',
      'none',
      ...mounts,
      ...environment,
      '--entrypoint',
      '/opt/litellm/bin/python',
      image,
      '-',
    ],
    { inputFile: script },
  );
  const loaded = JSON.parse(stdout) as Record<string, Loaded>;

  expect(Object.keys(loaded).sort()).toEqual([...rendered.keys()].sort());
  for (const [name, config] of rendered) {
    const { error, models, fallbacks, strategy, retries, warnings } = loaded[name] ?? ({} as Loaded);
    expect({ name, error, warnings: warnings.filter((line) => !HARMLESS.test(line)) }).toEqual({
      name,
      error: undefined,
      warnings: [],
    });
    expect(models).toEqual(
      config.model_list.map(
        ({ model_name, litellm_params: { model, api_key: key, timeout }, model_info: { id } }) => ({
          name: model_name,
          id,
          model,
          key: key === undefined ? null : `value-of-${key.replace('os.environ/', '')}`,
          timeout,
        }),
      ),
    );
    expect({ fallbacks, strategy, retries }).toEqual({
      fallbacks: config.router_settings.fallbacks,
      strategy: config.router_settings.routing_strategy,
      retries: 0,
    });
  }
}, 900_000);
