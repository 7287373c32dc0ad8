import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passphraseFile, passphrasePath } from '../../../engine/passphrase.ts';
import { type Salt, saltInSettings } from '../../../engine/salts.ts';

/** Made by the real engine: `pulumi stack init` on a local backend. */
const SALT = 'v1:n8DOzjSQIjQ=:v1:QfATAy40VZ3cHDh1:T4hc/+exwoPmPrVw+zA7UkdJrfxvqQ==';

const NAMES = ['SWITCHYARD_HOME', 'PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME']; // prettier-ignore
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
let folder: string;
let told: string[];
const config = (text: string) => writeFileSync(join(folder, 'Pulumi.dev.yaml'), text);
let inState: Salt | undefined;
const findSalt = async (stack: string) => (await saltInSettings(stack, folder)) ?? inState;
const ask = (stack = 'dev') =>
  passphraseFile(
    stack,
    (line) => told.push(line),
    () => findSalt(stack),
    folder,
  );

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-passphrase-'));
  for (const name of NAMES) delete process.env[name];
  process.env.SWITCHYARD_HOME = join(folder, 'home');
  process.env.PULUMI_BACKEND_URL = `file://${folder}`;
  told = [];
  inState = undefined;
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => {
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
});

test('a new one is random and private, and the user is asked to back it up', async () => {
  config('config: {}\n');
  const file = await ask();
  expect(file).toBe(join(folder, 'home', 'passphrase', 'dev'));
  expect(statSync(file!).mode & 0o777).toBe(0o600);
  expect(readFileSync(file!, 'utf8').trim()).toMatch(/^[\w-]{43}$/);
  expect(told.join()).toContain(`back up ${file}`);
  expect(told.join()).not.toContain(readFileSync(file!, 'utf8').trim());
});

test('a second call returns the same file, with no output', async () => {
  const first = readFileSync((await ask())!, 'utf8');
  told = [];
  expect(readFileSync((await ask())!, 'utf8')).toBe(first);
  expect(told).toEqual([]);
});

test('each stack has its own', async () => {
  expect(readFileSync((await ask('dev'))!, 'utf8')).not.toBe(readFileSync((await ask('prod'))!, 'utf8'));
});

test('its path does not depend on XDG folders', async () => {
  process.env.XDG_DATA_HOME = join(folder, 'data');
  process.env.XDG_CONFIG_HOME = join(folder, 'config');
  expect(await ask()).toBe(join(folder, 'home', 'passphrase', 'dev'));
});

test('none is created if the settings contain a salt', async () => {
  config(`encryptionsalt: ${SALT}\n`);
  await expect(ask()).rejects.toThrow(
    expect.objectContaining({
      where: passphrasePath('dev'),
      found: `a salt in ${join(folder, 'Pulumi.dev.yaml')}`,
    }) as Error,
  );
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test('none is created if the state contains a salt, even if the settings lost it', async () => {
  config('config: {}\n');
  inState = { where: 'the state of stack dev', salt: SALT };
  await expect(ask()).rejects.toMatchObject({ found: 'a salt in the state of stack dev' });
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test('an empty file is refused', async () => {
  mkdirSync(join(folder, 'home/passphrase'), { recursive: true });
  writeFileSync(passphrasePath('dev'), '\n');
  await expect(ask()).rejects.toThrow(/is empty/);
});

test.each([
  ['PULUMI_CONFIG_PASSPHRASE', ''],
  ['PULUMI_CONFIG_PASSPHRASE', 'mine'],
  ['PULUMI_CONFIG_PASSPHRASE_FILE', '/somewhere/mine'],
])("the user's own %s=%j is used, and no file is created", async (name, value) => {
  process.env[name] = value;
  config(`encryptionsalt: ${SALT}\n`);
  expect(await ask()).toBeUndefined();
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test("one stack's file that `env` left in the shell is not used for another stack", async () => {
  process.env.PULUMI_CONFIG_PASSPHRASE_FILE = passphrasePath('dev');
  expect(await ask('prod')).toBe(passphrasePath('prod'));
});

test('none is created for another secrets provider', async () => {
  config('secretsprovider: awskms://alias/switchyard\nencryptedkey: abc\n');
  expect(await ask()).toBeUndefined();
});

test('invalid YAML is reported', async () => {
  config('config: [\n');
  await expect(ask()).rejects.toThrow(`${join(folder, 'Pulumi.dev.yaml')}:2:1 not valid YAML: `);
});
