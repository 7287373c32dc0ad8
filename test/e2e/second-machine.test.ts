/** Passphrases on a second machine: the real engine, a backend in a folder, no container. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { toolEnv } from '../../engine/environment.ts';
import { passphrasePath } from '../../engine/passphrase.ts';
import { passphraseFits, saltInState } from '../../engine/salts.ts';
import { ROOT } from '../../console/home-paths.ts';

const STACK = 'second-machine';
const NAMES = ['PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'PULUMI_HOME', 'PULUMI_SELF_MANAGED_STATE_GZIP']; // prettier-ignore
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
const work = mkdtempSync(join(tmpdir(), 'switchyard-passphrases-'));
const settings = join(ROOT, `Pulumi.${STACK}.yaml`);
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  for (const name of NAMES) delete process.env[name];
  mkdirSync(join(work, 'backend'));
  process.env.PULUMI_BACKEND_URL = `file://${join(work, 'backend')}`;
  process.env.PULUMI_HOME = join(work, 'pulumi-home');
  // Like a shared backend, this one has no files that could be read as JSON.
  process.env.PULUMI_SELF_MANAGED_STATE_GZIP = 'true';
  env = await toolEnv();
  const first = { ...env, PULUMI_CONFIG_PASSPHRASE: 'of the first machine' };
  await execa('pulumi', ['stack', 'init', STACK, '--no-select', '--non-interactive'], { cwd: ROOT, env: first }); // prettier-ignore
  // The second machine's checkout: its settings contain no salt.
  writeFileSync(settings, 'config: {}\n');
}, 900_000);
afterAll(() => {
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
  rmSync(settings, { force: true });
  rmSync(work, { recursive: true });
});

test('a second machine creates no passphrase for a stack that already has secrets', async () => {
  const home = join(work, 'home');
  mkdirSync(home);
  const { exitCode, stderr } = await execa(process.execPath, [join(ROOT, 'cli/main.ts'), 'env', STACK], {
    cwd: ROOT,
    reject: false,
    // Its own home, except for the tools, which this machine has built.
    env: { SWITCHYARD_HOME: await homeWithTools(home), NODE_OPTIONS: '' },
  });
  expect(stderr).toContain(
    `the passphrase file of stack ${STACK} is missing, and secrets are encrypted with it`,
  );
  expect(stderr).toContain(`a salt in the state of stack ${STACK}`);
  expect(exitCode).toBe(1);
  expect(existsSync(join(home, 'passphrase'))).toBe(false);
  expect(readdirSync(join(work, 'backend', '.pulumi', 'stacks', 'switchyard'))).toContain(`${STACK}.json.gz`);
}, 120_000);

test('Pulumi distinguishes the right passphrase from a wrong one, and a missing stack has none', async () => {
  const found = await saltInState(STACK, env);
  expect(
    await passphraseFits(found!.salt, { ...env, PULUMI_CONFIG_PASSPHRASE: 'of the first machine' }),
  ).toBe(true);
  expect(await passphraseFits(found!.salt, { ...env, PULUMI_CONFIG_PASSPHRASE: 'another' })).toBe(false);
  expect(await saltInState('never-made', env)).toBeUndefined();
  expect(existsSync(passphrasePath(STACK))).toBe(false);
}, 120_000);

/** A home folder with this machine's tools in it. */
async function homeWithTools(home: string): Promise<string> {
  const own = process.env.SWITCHYARD_HOME ?? join(homedir(), '.switchyard');
  await execa('ln', ['-s', join(own, 'tools'), join(home, 'tools')]);
  return home;
}
