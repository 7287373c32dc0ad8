/** Runs the gateway's Python tests in its image. */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { HOST_NAME } from '../../../domain/plan/host-address.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { renderLitellm } from '../../../domain/render/litellm-config.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import { withExamples } from '../../../test/unit/domain/examples.ts';
import { goodCatalog, goodSettings } from '../../../test/unit/domain/shipped.ts';
import { IMAGE_MS, imageOf } from '../../../test/harness/images.ts';
import { postgresqlServer } from '../../../test/harness/postgresql.ts';
import { SOAK } from '../../../test/harness/soak.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SOAK_ENV = ['--env', `SWITCHYARD_SOAK=${SOAK ? 1 : 0}`];
const HOOKS = join(ROOT, 'runtimes/gateway/image/programs');
/** 109 exchanges with real providers, beside the checkout. What matters of them is in recorded_shapes.jsonl too. */
const RECORDINGS = ['../shared/recordings', '../../shared/recordings']
  .map((folder) => join(ROOT, folder))
  .find((folder) => existsSync(folder));
if (!RECORDINGS)
  console.log('skipped: the recorded exchanges of ../shared/recordings, which is not on this machine');

/**
 * Makes the image before the first test of the calling file.
 *
 * @returns runs test files, all in one container; a failure has the whole report.
 */
export function runsPython(): (...modules: string[]) => Promise<void> {
  let image: string;
  let folder: string;
  let postgresql: Record<string, string> = {};
  beforeAll(async () => {
    image = await imageOf('gateway');
    folder = await mkdtemp(join(tmpdir(), 'switchyard-hooks-'));
    await chmod(folder, 0o755);
    if (SOAK) {
      const server = await postgresqlServer();
      if ('missing' in server) console.log(`skipped: ${server.missing}`);
      else postgresql = { '/postgresql': server.folder };
    }
    // Without a key only the models of the catalogue's examples that need none are served.
    const { catalog } = goodCatalog(withExamples(fixture('catalog.yaml')));
    const plan = planModels(catalog, goodSettings({ mock: false }), []);
    await writeFile(join(folder, 'local.yaml'), renderLitellm(plan, fixture('litellm.yaml')));
  }, IMAGE_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return async (...modules) => {
    const tmpfs = ['/etc/switchyard', '/run/secrets', '/data'].flatMap((folder) => [
      '--tmpfs',
      `${folder}:uid=10001,mode=0700`,
    ]);
    const mounts = Object.entries({
      '/local.yaml': join(folder, 'local.yaml'),
      '/hooks': HOOKS,
      '/litellm.yaml': join(ROOT, 'config-templates/litellm.yaml'),
      '/sandbox': join(ROOT, 'sandbox'),
      '/scripts': join(ROOT, 'scripts'),
      '/tests': import.meta.dirname,
      ...(RECORDINGS ? { '/recordings': RECORDINGS } : {}),
      ...postgresql,
    }).flatMap(([inside, outside]) => ['--volume', `${outside}:${inside}:ro`]);
    // A file system that a test can fill (test_ledger_full_disk.py).
    tmpfs.push('--tmpfs', '/small:uid=10001,mode=0700,size=4m');
    const options = [
      '--rm',
      '--network',
      'none',
      '--env',
      'PYTHONPATH=/hooks:/sandbox',
      // As in a gateway: without it, the import of LiteLLM waits for a network that is not there.
      '--env',
      'LITELLM_LOCAL_MODEL_COST_MAP=True',
      ...SOAK_ENV,
      '--workdir',
      '/tests',
    ];
    // The fake model servers run in this container.
    options.push('--add-host', `${HOST_NAME}:127.0.0.1`);
    const program = ['--entrypoint', 'python3', image, '-m', 'unittest', '--verbose', ...modules];
    const run = await execa('docker', ['run', ...options, ...tmpfs, ...mounts, ...program], {
      reject: false,
    });
    if (run.exitCode !== 0) throw new Error(`${modules.join(' ')}:\n${run.stderr}`);
    for (const [line] of run.stderr.matchAll(/^.*\.\.\. skipped .*$/gm)) console.log(line);
    expect(run.stderr).toMatch(/Ran [1-9]\d* tests?/);
  };
}
