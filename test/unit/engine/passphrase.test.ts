import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fits, passphraseFile, passphrasePath, verifyPassphrase } from '../../../engine/passphrase.ts';

/** Made by the real engine with this passphrase: `pulumi stack init` on a local backend. */
const PASSPHRASE = 'correct horse battery staple';
const SALT = 'v1:n8DOzjSQIjQ=:v1:QfATAy40VZ3cHDh1:T4hc/+exwoPmPrVw+zA7UkdJrfxvqQ==';

const NAMES = ['SWITCHYARD_HOME', 'PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME']; // prettier-ignore
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
let folder: string;
let told: string[];
const config = (text: string) => writeFileSync(join(folder, 'Pulumi.dev.yaml'), text);
const ask = (stack = 'dev') => passphraseFile(stack, (line) => told.push(line), folder);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-passphrase-'));
  for (const name of NAMES) delete process.env[name];
  process.env.SWITCHYARD_HOME = join(folder, 'home');
  process.env.PULUMI_BACKEND_URL = `file://${folder}`;
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => {
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
});

test('the first one is random, private, and its backup asked for', () => {
  config('config: {}\n');
  const file = ask();
  expect(file).toBe(join(folder, 'home', 'passphrase', 'dev'));
  expect(statSync(file!).mode & 0o777).toBe(0o600);
  expect(readFileSync(file!, 'utf8').trim()).toMatch(/^[\w-]{43}$/);
  expect(told.join()).toContain(`back up ${file}`);
  expect(told.join()).not.toContain(readFileSync(file!, 'utf8').trim());
});

test('a second time it is the same one, without a word', () => {
  const first = readFileSync(ask()!, 'utf8');
  told = [];
  expect(readFileSync(ask()!, 'utf8')).toBe(first);
  expect(told).toEqual([]);
});

test('each stack has its own', () => {
  expect(readFileSync(ask('dev')!, 'utf8')).not.toBe(readFileSync(ask('prod')!, 'utf8'));
});

test('XDG folders do not move it', () => {
  process.env.XDG_DATA_HOME = join(folder, 'data');
  process.env.XDG_CONFIG_HOME = join(folder, 'config');
  expect(ask()).toBe(join(folder, 'home', 'passphrase', 'dev'));
});

test('none is made where the settings hold a salt', () => {
  config(`encryptionsalt: ${SALT}\n`);
  expect(() => ask()).toThrow(
    expect.objectContaining({
      where: passphrasePath('dev'),
      found: `a salt in ${join(folder, 'Pulumi.dev.yaml')}`,
    }) as Error,
  );
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test('none is made where the state holds a salt, though the settings lost it', () => {
  config('config: {}\n');
  const state = join(folder, '.pulumi/stacks/switchyard');
  mkdirSync(state, { recursive: true });
  writeFileSync(
    join(state, 'dev.json'),
    JSON.stringify(
      { checkpoint: { latest: { secrets_providers: { type: 'passphrase', state: { salt: SALT } } } } },
      null,
      4,
    ),
  );
  expect(() => ask()).toThrow(
    expect.objectContaining({ found: `a salt in ${join(state, 'dev.json')}` }) as Error,
  );
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test('an empty file is not taken for one', () => {
  mkdirSync(join(folder, 'home/passphrase'), { recursive: true });
  writeFileSync(passphrasePath('dev'), '\n');
  expect(() => ask()).toThrow(/is empty/);
});

test.each([
  ['PULUMI_CONFIG_PASSPHRASE', ''],
  ['PULUMI_CONFIG_PASSPHRASE', 'mine'],
  ['PULUMI_CONFIG_PASSPHRASE_FILE', '/somewhere/mine'],
])("the user's own %s=%j wins, and nothing is made", (name, value) => {
  process.env[name] = value;
  config(`encryptionsalt: ${SALT}\n`);
  expect(ask()).toBeUndefined();
  expect(existsSync(passphrasePath('dev'))).toBe(false);
});

test("one stack's file left in the shell by `env` does not serve another", () => {
  process.env.PULUMI_CONFIG_PASSPHRASE_FILE = passphrasePath('dev');
  expect(ask('prod')).toBe(passphrasePath('prod'));
});

test('a key service needs none', () => {
  config('secretsprovider: awskms://alias/switchyard\nencryptedkey: abc\n');
  expect(ask()).toBeUndefined();
});

test('broken YAML is named', () => {
  config('config: [\n');
  expect(() => ask()).toThrow(`${join(folder, 'Pulumi.dev.yaml')}:2:1 not valid YAML: `);
});

test("the engine's salt tells the right passphrase from a wrong one", () => {
  expect(fits(PASSPHRASE, SALT)).toBe(true);
  expect(fits(`${PASSPHRASE} `, SALT)).toBe(false);
  expect(fits(PASSPHRASE, 'v1:nonsense')).toBe(false);
});

test('a wrong passphrase is a sentence that names the file, the right one passes', () => {
  config(`encryptionsalt: ${SALT}\n`);
  mkdirSync(join(folder, 'home/passphrase'), { recursive: true });
  writeFileSync(passphrasePath('dev'), 'wrong\n');
  expect(() => verifyPassphrase('dev', folder)).toThrow(
    expect.objectContaining({ where: passphrasePath('dev') }) as Error,
  );
  writeFileSync(passphrasePath('dev'), `${PASSPHRASE}\n`);
  expect(() => verifyPassphrase('dev', folder)).not.toThrow();
});
