/** HOME may differ from the account's home, which is Pulumi's `~`. In processes of their own: Jest's own `process.env` is a copy. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const account = userInfo().homedir;
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'switchyard-home-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** The value of an expression in a process whose HOME is another folder than the account's. */
function evaluate(module: string, expression: string, env: Record<string, string> = {}): unknown {
  const url = JSON.stringify(join(import.meta.dirname, '../../..', module));
  const code = `const m = await import(${url}); process.stdout.write(JSON.stringify(${expression}))`;
  const others = Object.entries(process.env).filter(([name]) => name !== 'PULUMI_HOME');
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...Object.fromEntries(others), ...env, HOME: home },
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

test.each([
  ['file://~', account],
  ['file://~/state', join(account, 'state')],
  ['file://~?no_tmp_dir=true', account],
  ['file:///srv/state', '/srv/state'],
])("the backend %s is in the account's home", (url, folder) => {
  expect(evaluate('engine/passphrase.ts', 'm.backendFolder()', { PULUMI_BACKEND_URL: url })).toBe(folder);
});

test("Pulumi's plugins are looked for in the account's home", () => {
  const folder = join(home, '.pulumi', 'plugins', 'resource-switchyard-none-v1.0.0');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pulumi-resource-switchyard-none'), '');
  const installed = "m.isInstalled({ name: 'switchyard-none', version: '1.0.0' })";
  expect(evaluate('bootstrap/plugins.ts', installed)).toBe(false);
  expect(evaluate('bootstrap/plugins.ts', installed, { PULUMI_HOME: join(home, '.pulumi') })).toBe(true);
});
