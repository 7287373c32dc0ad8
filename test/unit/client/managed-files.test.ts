/** A client's files as a whole: recorded, switched between stacks, taken out, in every format. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { applyManaged } from '../../../client/apply-managed.ts';
import { readManaged } from '../../../client/managed-files.ts';
import { planManaged, type ManagedPlan, type WantedFile } from '../../../client/plan-managed.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-managed-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string): string => join(dir, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const formats = {
  settings: 'json',
  toml: 'toml',
  yaml: 'yaml',
  key: 'text',
} as const;
const wanted = (stack: string): WantedFile[] => [
  {
    path: at('settings'),
    format: 'json',
    ours: { env: { URL: `http://${stack}`, [stack]: '1' } },
    mode: 0o600,
  },
  {
    path: at('toml'),
    format: 'toml',
    ours: { model: `${stack}/m`, model_providers: { [stack]: { name: stack } } },
  },
  { path: at('yaml'), format: 'yaml', ours: { aliases: [`${stack}:a`], model: stack }, yields: [['model']] },
  ...(stack === 'dev' ? [{ path: at('key'), format: 'text' as const, ours: 'value-dev', mode: 0o600 }] : []),
];
const plan = async (stack?: string): Promise<ManagedPlan> => {
  const all = Object.fromEntries(Object.entries(formats).map(([name, format]) => [at(name), format]));
  const state = await readManaged(at('record'), all);
  return planManaged(
    state,
    stack === undefined ? undefined : { stack },
    stack === undefined ? [] : wanted(stack),
  );
};
const apply = async (stack?: string): Promise<string[]> => (await applyManaged([await plan(stack)]))[0]!;
const THEIRS = {
  settings: '{\n  "theme": "dark",\n  "env": {\n    "URL": "http://mine"\n  }\n}\n',
  toml: '# mine\nmodel = "mine" # why\n',
  yaml: '# mine\nmodel:   mine\naliases: [ x ] # theirs\n',
};

test('files of ours alone are created, switched, and removed with the record', async () => {
  await apply('dev');
  expect(readdirSync(dir).sort()).toEqual(['key', 'record', 'settings', 'toml', 'yaml']);
  expect(['settings', 'key', 'record'].map((name) => statSync(at(name)).mode & 0o777)).toEqual([
    0o600, 0o600, 0o600,
  ]);
  expect((await plan('dev')).changes).toEqual([]);
  await apply('prod');
  expect(readdirSync(dir).sort()).toEqual(['record', 'settings', 'toml', 'yaml']);
  for (const name of readdirSync(dir)) expect(read(name)).not.toMatch(/dev/);
  await apply();
  expect(readdirSync(dir)).toEqual([]);
});

test("a user's files get ours, and have their own text again when ours are taken out", async () => {
  for (const [name, text] of Object.entries(THEIRS)) writeFileSync(at(name), text);
  expect(await apply('dev')).toEqual([at('settings.before-switchyard'), at('toml.before-switchyard')]);
  expect(JSON.parse(read('settings'))).toEqual({ theme: 'dark', env: { URL: 'http://dev', dev: '1' } });
  expect(read('yaml')).toContain('model:   mine');
  await apply('prod');
  await apply();
  for (const [name, text] of Object.entries(THEIRS)) expect(read(name)).toBe(text);
  expect(read('settings.before-switchyard')).toBe(THEIRS.settings);
});

test('a file that one stack wrote and the other does not want is cleaned or removed', async () => {
  await apply('dev');
  writeFileSync(at('toml'), `${read('toml')}\n# my note\n`);
  const state = await readManaged(at('record'), {});
  await applyManaged([planManaged(state, undefined, [])]);
  expect(readdirSync(dir)).toEqual(['toml']);
  expect(read('toml').trim()).toBe('# my note');
});

test('a mode that was changed is a change', async () => {
  await apply('dev');
  writeFileSync(at('key'), 'value-dev');
  rmSync(at('settings'));
  writeFileSync(at('settings'), '{}', { mode: 0o644 });
  await apply('dev');
  expect(statSync(at('settings')).mode & 0o777).toBe(0o600);
});
