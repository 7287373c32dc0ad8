/** The real LiteLLM with a rendered config: one failed request closes no alias that nothing stands in for. */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { renderLitellm } from '../../domain/render/litellm-config.ts';
import { planModels } from '../../domain/plan/serving-plan.ts';
import { ROOT } from '../../console/home-paths.ts';
import { IMAGE_MS, imageOf } from '../harness/images.ts';
import { goodCatalog, goodSettings, repositoryFile } from '../unit/domain/shipped.ts';
import { SMALL } from '../unit/domain/small.ts';

/** For each alias and way to fail: what the failing request and the one after it got, a status or a deployment. */
type Seen = Record<string, Record<string, [string, string]>>;

let folder: string;
let image: string;
beforeAll(async () => {
  image = await imageOf('gateway');
  folder = await mkdtemp(join(tmpdir(), 'switchyard-cooldown-'));
}, IMAGE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the next request asks the provider again, unless a chain answers in its place', async () => {
  const text = SMALL.replace('    timeout: 120\n', '').replace(
    'defaults:\n  timeout: 60',
    'defaults:\n  timeout: 2',
  );
  const { catalog } = goodCatalog(text);
  const baseUrls = {
    openai: { gateway: 'http://127.0.0.1:9000/openai/v1' },
    groq: { gateway: 'http://127.0.0.1:9000/groq/openai/v1' },
  };
  const keys = ['OPENAI_API_KEY', 'GROQ_API_KEY', 'GROQ_API_KEY_2'];
  const config = renderLitellm(
    planModels(catalog, goodSettings({ baseUrls, mock: false }), keys),
    repositoryFile('config-templates/litellm.yaml').replace(
      'disk_cache_dir: /data/cache',
      'disk_cache_dir: /tmp/cache',
    ),
  );
  await mkdir(join(folder, 'configs'));
  await mkdir(join(folder, 'secrets'));
  await cp(join(ROOT, 'runtimes/gateway/programs'), join(folder, 'configs'), { recursive: true });
  await writeFile(join(folder, 'configs/config.yaml'), config);
  for (const key of keys) await writeFile(join(folder, 'secrets', key), `value-of-${key}`);
  await writeFile(join(folder, 'secrets/client-keys.json'), '{"keys":[]}');
  await chmod(folder, 0o755);

  const mounts = [
    `${folder}/configs:/configs:ro`,
    `${folder}/secrets:/run/secrets:ro`,
    `${join(ROOT, 'sandbox/fake_upstream.py')}:/upstream.py:ro`,
  ].flatMap((mount) => ['-v', mount]);
  const environment = ['LITELLM_LOCAL_MODEL_COST_MAP=True', 'PYTHONDONTWRITEBYTECODE=1'].flatMap((one) => [
    '-e',
    one,
  ]);
  const program = ['--entrypoint', '/opt/litellm/bin/python', image, '-', 'embed,fast,other'];
  const { stdout } = await execa(
    'docker',
    ['run', '--rm', '-i', '--network', 'none', ...mounts, ...environment, ...program],
    { inputFile: join(ROOT, 'test/e2e/litellm_cooldown.py') },
  );
  const { embed, fast, other } = JSON.parse(stdout) as Seen;

  // One key, no chain: open at once.
  expect(again(embed)).toEqual(everyWay('embed@OPENAI_API_KEY'));
  // Two keys, no chain: what failed first is closed, what failed last answers.
  for (const [way, answer] of Object.entries(again(fast)))
    expect([way, answer]).toEqual([way, expect.stringMatching(/^fast@/)]);
  // With a chain a failing provider is still left alone for a while.
  for (const way of ['500', '503', '401', '404', '429', 'timeout'])
    expect([way, other?.[way]?.[1]]).toEqual([way, expect.stringMatching(/^fast@/)]);
}, 600_000);

function again(seen: Seen[string] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(seen).map(([way, [, next]]) => [way, next]));
}

function everyWay(answer: string): Record<string, string> {
  const ways = ['401', '404', '408', '429', '500', '503', 'closed', 'refused', 'timeout'];
  return Object.fromEntries(ways.map((way) => [way, answer]));
}
