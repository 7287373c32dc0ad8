/** Runs cases against two gateways in a container without a network. */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { renderLitellm } from '../../../domain/render/litellm-config.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { imageOf } from '../../harness/images.ts';
import { goodCatalog, goodSettings, repositoryFile } from '../../unit/domain/shipped.ts';
import { type Cell, catalogueOf } from './cells.ts';
import type { Seen } from './failure-table.ts';

/** The client's key; not a real one. */
const CLIENT_KEY = 'client-key-of-the-failures-test';

/** The result of each case, by its id. */
export async function runCells(cells: readonly Cell[]): Promise<Record<string, Seen>> {
  const image = await imageOf('gateway');
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-failures-'));
  try {
    await fill(folder, cells);
    const mounts = [
      `${folder}/configs:/configs:ro`,
      `${folder}/secrets:/run/secrets:ro`,
      `${folder}/cells.json:/cells.json:ro`,
      `${join(ROOT, 'sandbox')}:/fake-upstream:ro`,
    ].flatMap((mount) => ['--volume', mount]);
    const options = [
      '--rm',
      '-i',
      '--network',
      'none',
      '--add-host',
      'upstream:127.0.0.1',
      '--memory',
      '3g',
      '--tmpfs',
      '/data:uid=10001',
      ...mounts,
    ];
    const { stdout } = await execa('docker', ['run', ...options, '--entrypoint', 'python3', image, '-'], {
      inputFile: join(import.meta.dirname, 'run_cells.py'),
    });
    return JSON.parse(stdout) as Record<string, Seen>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files of the gateway's container, as infra/ would upload them, but with a cooldown of 1 s instead of 20 s. */
async function fill(folder: string, cells: readonly Cell[]): Promise<void> {
  const { text, keys } = catalogueOf(cells);
  const fixed = repositoryFile('config-templates/litellm.yaml').replace(
    'cooldown_time: 20',
    'cooldown_time: 1',
  );
  const plan = planModels(goodCatalog(text).catalog, goodSettings({ mock: false }), keys);
  await mkdir(join(folder, 'configs'));
  await mkdir(join(folder, 'secrets'));
  await cp(join(ROOT, 'runtimes/gateway/image/programs'), join(folder, 'configs'), { recursive: true });
  await writeFile(join(folder, 'configs/config.yaml'), renderLitellm(plan, fixed));
  // On a busy machine a start takes minutes, and the watchdog must not kill a gateway that is only slow.
  await writeFile(
    join(folder, 'configs/gateway.json'),
    '{"startSeconds": 1800, "hungSeconds": 1800, "busySeconds": 1800}',
  );
  for (const key of keys) await writeFile(join(folder, 'secrets', key), `value-of-${key}`);
  const sha256 = createHash('sha256').update(CLIENT_KEY).digest('hex');
  await writeFile(
    join(folder, 'secrets/client-keys.json'),
    JSON.stringify({ keys: [{ name: 'master', sha256 }] }),
  );
  await writeFile(join(folder, 'cells.json'), JSON.stringify(cells));
  await chmod(folder, 0o755);
}
