/** `connect`, `--check` and `--off` for several clients at once, with files that cannot be used. All files are in one folder. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectClients } from '../../../cli/connect.ts';
import { connectCheck } from '../../../cli/connect-check.ts';
import { connectOff } from '../../../cli/connect-off.ts';
import type { KeyedClient } from '../../../client/client-with-key.ts';
import { describeEach } from '../../../client/connect-text.ts';
import { Output } from '../../../console/output.ts';
import { shippedClient } from '../../harness/client-of.ts';

const ENDPOINT = 'http://127.0.0.1:1';
const ALL = ['opencode', 'claude-code', 'codex', 'aider'] as const;
const shipped = shippedClient({ stack: 'dev', endpoint: ENDPOINT, masterKey: 'canary', keys: {} });
const client: KeyedClient = { ...shipped, known: shipped.auth, key: undefined, notes: [] };

let dir: string;
let said: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-several-'));
  said = '';
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = { write: (text: string) => (said += text) };
const out = new Output({ streams: { stdout: write, stderr: write } });
const connect = () =>
  connectClients(ALL, {
    stack: 'dev',
    client,
    owner: { stack: 'dev', endpoint: ENDPOINT },
    options: { dir },
  });
const texts = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { withFileTypes: true })
      .filter((one) => one.isFile())
      .map(({ name }) => [name, readFileSync(join(dir, name), 'utf8')]),
  );
function breakFiles(): void {
  writeFileSync(join(dir, 'settings.json'), '{\n  // mine\n}\n');
  writeFileSync(join(dir, '.aider.conf.yml'), 'a: [\n');
}
const NAMES_BOTH = expect.objectContaining({
  message: expect.stringMatching(/settings\.json is not valid JSON.*\.aider\.conf\.yml is not valid YAML/),
  where: expect.stringMatching(/settings\.json:2:3; .*\.aider\.conf\.yml:2:1/),
});

test('connect writes nothing if any file is malformed, and names them all', async () => {
  breakFiles();
  const before = texts();
  await expect(connect()).rejects.toEqual(NAMES_BOTH);
  expect(texts()).toEqual(before);
});

test('connect --off takes nothing out if any file is malformed, and names them all', async () => {
  await connect();
  breakFiles();
  const before = texts();
  await expect(connectOff(out, undefined, { clients: ALL, dir })).rejects.toEqual(NAMES_BOTH);
  expect([texts(), said]).toEqual([before, '']);
});

test('a file that cannot be read is named as well, and nothing is written', async () => {
  breakFiles();
  mkdirSync(join(dir, 'config.toml'));
  const before = texts();
  await expect(connect()).rejects.toThrow(
    /settings\.json is not valid.*config\.toml cannot be read \(EISDIR\)/,
  );
  expect(texts()).toEqual(before);
});

test('a file that cannot be written stops all clients', async () => {
  mkdirSync(join(dir, 'config.toml.switchyard-new'));
  const before = texts();
  await expect(connect()).rejects.toThrow('config.toml');
  expect(texts()).toEqual(before);
});

test('all are connected, and taken out again', async () => {
  const results = await connect();
  expect(results.map((one) => ('client' in one ? one.client : 'opencode'))).toEqual(ALL);
  await connectOff(out, undefined, { clients: ALL, dir });
  expect(Object.values(texts()).join('\n')).not.toMatch(/canary|127\.0\.0\.1:1/);
});

test('--check has a result for each client, of which an unreadable file is one, and fails', async () => {
  breakFiles();
  const before = process.exitCode;
  await connectCheck(out, undefined, { clients: ALL, dir, onlyConnected: false });
  const exitCode = process.exitCode;
  // Jest's own.
  process.exitCode = before;
  expect(exitCode).toBe(1);
  for (const name of ALL) expect(said).toMatch(new RegExp(`^${name}: `, 'm'));
});

test('--check names the file, its position and what was found, also among connected clients', async () => {
  const settings = join(dir, 'settings.json');
  await connect();
  // No owner, so that no stack is asked for.
  for (const name of ['switchyard-client.json', 'switchyard-codex.json', 'switchyard-aider.json'])
    rmSync(join(dir, name));
  rmSync(join(dir, 'opencode.json'));
  writeFileSync(settings, '{\n  // mine\n}\n');
  const before = process.exitCode;
  await connectCheck(out, undefined, { clients: ALL, dir, onlyConnected: true });
  process.exitCode = before;
  expect(said).toContain(`  ${settings} is not valid JSON (${settings}:2:3): InvalidCommentToken\n`);
  expect(said).toContain('    fix: fix the file, or move it away');
});

test('the output has a heading for each client, and one column of texts', async () => {
  const prod = { stack: 'prod', endpoint: ENDPOINT };
  await connectClients(ALL, { stack: 'prod', client, owner: prod, options: { dir } });
  const results = await connect();
  const lines = describeEach(results).split('\n');
  expect(lines.filter((line) => /^\S/.test(line))).toEqual(ALL);
  for (const line of lines.filter((one) => /^\s/.test(one)))
    expect(line).toMatch(/^ {2}(?=.{10} \S)\S+( it)? +\S/);
  expect(lines.some((line) => line.startsWith('  switched   from prod to dev'))).toBe(true);
  // One client needs none.
  expect(describeEach(results.slice(1, 2))).toMatch(/^switched {3}from/);
});

test('--off says that opencode stays off, whether there was something or not', async () => {
  await connectOff(out, undefined, { clients: ALL, dir });
  expect(said).toMatch(
    /nothing of Switchyard is in the files.*; up does not write opencode.s files again until/,
  );
  await connect();
  said = '';
  await connectOff(out, undefined, { clients: ALL, dir });
  expect(said).toMatch(/^stays off {2}up does not write opencode.s files again until/m);
});
