/**
 * Checks that the real LiteLLM, in the image that the stack builds, sends requests only to the configured address, for every route, with and
 * without streaming. It is checked for each provider of the shipped catalogue, for custom providers, and for a sample of the rows of
 * domain/facts/litellm-prefixes.ts; for all rows in `npm run soak`.
 */
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { gatewayAddress } from '../../domain/plan/provider-address.ts';
import { renderLitellm } from '../../domain/render/litellm-config.ts';
import { LITELLM_PREFIXES } from '../../domain/facts/litellm-prefixes.ts';
import { planModels } from '../../domain/plan/serving-plan.ts';
import { MOCK_ALIAS } from '../../domain/schema/catalog-schema.ts';
import { ROOT } from '../../console/home-paths.ts';
import { fixture } from '../../sandbox/fixtures.ts';
import { IMAGE_MS, imageOf } from '../harness/images.ts';
import { sample, SOAK } from '../harness/soak.ts';
import { allKeys, goodCatalog, goodSettings } from '../unit/domain/shipped.ts';

/** The destinations of one call, as litellm_addresses.py prints them. */
interface Call {
  status: number;
  text: string;
  /** `//host:port/path` of each request that was received. */
  requests: string[];
  /** `host:port` of each resolved name. */
  names: string[];
  /** Connections to addresses that did not come from a name lookup. */
  other: string[];
}

interface Asked {
  alias: string;
  calls: Record<string, Call>;
}

/** Custom providers: only a prefix and an address. */
const OWN: Record<string, { litellm: string; baseUrl: string; gatewayBaseUrl?: string }> = {
  vllm: { litellm: 'hosted_vllm', baseUrl: 'http://vllm.test:8000/v1' },
  proxied: { litellm: 'openai', baseUrl: 'https://llm.test/a/path/v1/' },
  claude: { litellm: 'anthropic', baseUrl: 'http://claude.test:8001/anthropic/v1' },
  // LiteLLM knows this address as another provider's.
  known: { litellm: 'openai', baseUrl: 'https://api.groq.com/openai/v1' },
  inside: { litellm: 'mistral', baseUrl: 'https://api.mistral.ai/v1', gatewayBaseUrl: 'http://in.test:8002/v1' },
  deep: { litellm: 'deepseek', baseUrl: 'http://deep.test:8003/deepseek/v1' },
  hub: { litellm: 'huggingface', baseUrl: 'http://hub.test:8004/v1' },
}; // prettier-ignore

/** The mock's address, which is only used to count tokens. */
const CLOSED_PORT = 'http://127.0.0.1:9';

/** The route that need not send a request to the provider, since LiteLLM can count tokens itself. */
const OPTIONAL = 'count_tokens';

/** The shipped catalogue with additional providers, and an alias for every mode that a provider serves. */
function catalogue() {
  const shipped = parse(fixture('catalog.yaml')) as {
    providers: Record<string, { litellm?: string }>;
    models: Record<string, object>;
  };
  // The whole table takes a quarter of an hour.
  const prefixes = [...LITELLM_PREFIXES.keys()];
  const rows = (SOAK ? prefixes : sample(prefixes, 4)).map((litellm) => [
    `row-${litellm.replaceAll('_', '-')}`,
    { litellm, baseUrl: 'http://row.test:8005/some/path/v1' },
  ]);
  const added = { ...OWN, ...(Object.fromEntries(rows) as typeof OWN) };
  Object.entries(added).forEach(([id, provider], index) => {
    const key = `ADDED${index}_API_KEY`;
    shipped.providers[id] = { name: id, key, keyPattern: `never-${id}-[0-9]{30}`, ...provider } as object;
  });
  for (const [id, { litellm }] of Object.entries(shipped.providers)) {
    for (const mode of LITELLM_PREFIXES.get(litellm ?? '') ?? [])
      shipped.models[`every-${id}-${mode}`] = { provider: id, model: 'maker/some-model', mode };
  }
  return goodCatalog(stringify(shipped)).catalog;
}

/** The plan's rendered config, changed so that every request is sent to the provider, and keys are not read from files. */
function config(rendered: string): string {
  const { model_list, litellm_settings } = parse(rendered) as Record<string, object>;
  return stringify({
    model_list,
    // The test's certificates are self-signed.
    litellm_settings: { ...litellm_settings, cache: false, ssl_verify: false },
    router_settings: { num_retries: 0, disable_cooldowns: true },
    general_settings: { disable_model_info_refresh: true },
  });
}

let image: string;
let folder: string;

beforeAll(async () => {
  image = await imageOf('gateway');
  folder = await mkdtemp(join(tmpdir(), 'switchyard-addresses-'));
}, IMAGE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every request goes to the configured address', async () => {
  const catalog = catalogue();
  const settings = goodSettings();
  const plan = planModels(catalog, settings, allKeys(catalog));
  await writeFile(join(folder, 'config.yaml'), config(renderLitellm(plan, fixture('litellm.yaml'))));
  await cp(join(ROOT, 'sandbox'), join(folder, 'sandbox'), { recursive: true });
  await cp(join(ROOT, 'runtimes/gateway/image/programs/addresses.py'), join(folder, 'addresses.py'));
  await chmod(folder, 0o755);
  // prettier-ignore
  const { stdout } = await execa(
    'docker',
    [
      'run', '--rm', '-i', '--network', 'none', '--user', '0', '--volume', `${folder}:/cases:ro`,
      '--env', 'LITELLM_LOCAL_MODEL_COST_MAP=True', '--env', 'PYTHONDONTWRITEBYTECODE=1',
      '--entrypoint', '/opt/litellm/bin/python', image, '-',
    ],
    { inputFile: join(ROOT, 'test/e2e/litellm_addresses.py') },
  );
  const asked = stdout.split('\n').map((line) => JSON.parse(line) as Asked);

  expect(asked.map(({ alias }) => alias).sort()).toEqual(plan.served.map(({ alias }) => alias).sort());
  const misdirected = asked.flatMap(({ alias, calls }) => {
    const provider = catalog.providers[catalog.models[alias]?.provider ?? ''];
    if (provider === undefined) expect(alias).toBe(MOCK_ALIAS);
    const given = provider
      ? gatewayAddress(settings, catalog.models[alias]?.provider ?? '', provider)
      : CLOSED_PORT;
    return Object.entries(calls).flatMap(([route, call]) => {
      const wrong = isMisdirected(call, new URL(given), route === OPTIONAL || given === CLOSED_PORT);
      return wrong || call.other.length > 0 ? [{ alias, route, ...call }] : [];
    });
  });
  expect(misdirected).toEqual([]);
}, 1_800_000);

/** Whether a call sent a request to another address than the configured one, or no request at all. */
function isMisdirected({ requests, names }: Call, given: URL, optional: boolean): boolean {
  const port = given.port || (given.protocol === 'https:' ? '443' : '80');
  const below = `//${given.host}${given.pathname.replace(/\/$/, '')}/`;
  return (
    // For a stream of completions OpenAI's client rejects the test's certificate; then only the name lookup is seen.
    (!optional && requests.length + names.length === 0) ||
    requests.some((url) => !url.startsWith(below)) ||
    names.some((name) => name !== `${given.hostname}:${port}`)
  );
}
