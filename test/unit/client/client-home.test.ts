import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeHome, pathWithOpencode } from '../../../client/client-home.ts';
import { removeStaleHomes } from '../../../client/stale-homes.ts';
import { shippedClient } from '../../harness/client-of.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

/** Credentials as people export them. None of them is named anywhere in the code. */
const CREDENTIALS = [
  'AWS_SECRET_ACCESS_KEY',
  'OPENAI_API_KEY',
  'GITHUB_TOKEN',
  'NPM_TOKEN',
  'KUBECONFIG',
  'SSH_AUTH_SOCK',
  'PULUMI_CONFIG_PASSPHRASE',
  'OPENCODE_CONFIG_CONTENT',
];

test("opencode inherits what programs need to run, and none of the user's credentials, nor the home folder with them", async () => {
  for (const name of CREDENTIALS) process.env[name] = 'canary';
  process.env.HTTPS_PROXY = 'http://proxy:3128';
  process.env.LC_ALL = 'C.UTF-8';
  const home = await makeHome(shippedClient());
  try {
    // Names only: a failure must not print the environment's values.
    const canaries = Object.keys(home.env).filter((name) => home.env[name] === 'canary');
    expect(canaries).toEqual([]);
    const { PATH, HTTPS_PROXY, LC_ALL, HOME } = home.env;
    expect([PATH, HTTPS_PROXY, LC_ALL]).toEqual([process.env.PATH, 'http://proxy:3128', 'C.UTF-8']);
    expect(HOME).toBe(home.dir);
    const auth = join(home.env.XDG_DATA_HOME ?? '', 'opencode/auth.json');
    expect(Object.keys(JSON.parse(readFileSync(auth, 'utf8')) as object)).toContain('litellm');
  } finally {
    await home.remove();
  }
  expect(existsSync(home.dir)).toBe(false);
});

test('variables that the user names are inherited too, but never those of Pulumi and opencode', async () => {
  for (const name of CREDENTIALS) process.env[name] = 'canary';
  process.env.HOME = '/home/somebody';
  const home = await makeHome(shippedClient(), ['HOME', 'GITHUB_TOKEN', 'PULUMI_CONFIG_PASSPHRASE', 'UNSET']);
  await home.remove();
  const canaries = Object.keys(home.env).filter((name) => home.env[name] === 'canary');
  expect([home.env.HOME, canaries]).toEqual(['/home/somebody', ['GITHUB_TOKEN']]);
});

test('the homes of ended processes are removed, those of running ones and the folders of others are not', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'switchyard-homes-'));
  try {
    const ended = execa('true');
    await ended;
    const names = {
      ended: `switchyard-client-${ended.pid}-abc123`,
      running: `switchyard-client-${process.pid}-abc123`,
      olderRelease: 'switchyard-client-abc123',
      olderReleaseToday: 'switchyard-client-def456',
      other: 'switchyard-other-1-abc123',
    };
    for (const name of Object.values(names))
      mkdirSync(join(parent, name, 'data/opencode'), { recursive: true });
    const yesterday = Date.now() / 1000 - 86_500;
    utimesSync(join(parent, names.olderRelease), yesterday, yesterday);
    await removeStaleHomes(parent);
    expect(readdirSync(parent).sort()).toEqual([names.running, names.olderReleaseToday, names.other].sort());
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test('the PATH of `env` finds an opencode: the own one, else the one of the checkout', async () => {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-path-'));
  try {
    expect(await pathWithOpencode(root, '/a:/b')).toBe('/a:/b');
    const bin = join(root, 'node_modules', `opencode-${process.platform}-${process.arch}`, 'bin');
    for (const folder of [bin, join(root, 'own')]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'opencode'), '', { mode: 0o755 });
    }
    writeFileSync(join(bin, '..', 'package.json'), '{"version":"1.0.0"}');
    expect(await pathWithOpencode(root, '/a:/b')).toBe(`/a:/b:${bin}`);
    expect(await pathWithOpencode(root, `/a:/b:${bin}`)).toBe(`/a:/b:${bin}`);
    expect(await pathWithOpencode(root, `${root}/own`)).toBe(`${root}/own`);
  } finally {
    rmSync(root, { recursive: true });
  }
});
