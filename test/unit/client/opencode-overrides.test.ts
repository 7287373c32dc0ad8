/** What outranks the files that connect writes is seen, and named with its place. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { overrides } from '../../../client/opencode-overrides.ts';
import { renderOpencode } from '../../../domain/render/opencode-files.ts';
import { view } from './sample.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-overrides-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ours = renderOpencode(view());
const write = (name: string, text: string): string => {
  mkdirSync(join(dir, name, '..'), { recursive: true });
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

test('nothing outranks ours if there is nothing, or only other settings', async () => {
  write('opencode.json', '{"theme": "dark", "provider": {"ollama": {}}}');
  expect(await overrides(ours, {}, dir)).toEqual([]);
});

test('variables are named', async () => {
  const file = write('o.json', '{\n  "enabled_providers": ["anthropic"],\n  "model": "x/y"\n}');
  const folder = join(dir, 'folder');
  write('folder/opencode.jsonc', '// mine\n{"provider": {"litellm": {}}}');
  const env = {
    OPENCODE_CONFIG: file,
    OPENCODE_CONFIG_DIR: folder,
    OPENCODE_CONFIG_CONTENT: '{"disabled_providers": ["groq-direct"]}',
    OPENCODE_AUTH_CONTENT: '{}',
  };
  expect(await overrides(ours, env, dir)).toEqual([
    'OPENCODE_AUTH_CONTENT is set: opencode reads it instead of auth.json; unset OPENCODE_AUTH_CONTENT',
    `OPENCODE_CONFIG: ${file}:3:12 outranks what connect writes: model is "x/y"`,
    `OPENCODE_CONFIG: ${file}:2:24 outranks what connect writes: enabled_providers hides litellm, groq-direct`,
    `OPENCODE_CONFIG_DIR: ${folder}/opencode.jsonc:2:26 outranks what connect writes: provider.litellm`,
    'OPENCODE_CONFIG_CONTENT:1:24 outranks what connect writes: disabled_providers names groq-direct',
  ]);
});

test("the project's files count, up to the git repository's folder, unless they are switched off", async () => {
  mkdirSync(join(dir, 'repo/.git'), { recursive: true });
  mkdirSync(join(dir, 'repo/a/b'), { recursive: true });
  write('opencode.json', '{"model": "above/x"}');
  const file = write('repo/opencode.json', '{"model": "x/y"}');
  const inner = write('repo/a/.opencode/opencode.json', '{"model": "x/z"}');
  expect(await overrides(ours, {}, join(dir, 'repo/a/b'))).toEqual([
    `the project: ${file}:1:11 outranks what connect writes: model is "x/y"`,
    `the project: ${inner}:1:11 outranks what connect writes: model is "x/z"`,
  ]);
  expect(await overrides(ours, { OPENCODE_DISABLE_PROJECT_CONFIG: '1' }, join(dir, 'repo/a/b'))).toEqual([]);
});

test('a malformed file is named with its position, since opencode refuses to run', async () => {
  const file = write('opencode.json', '{\n  "model": tru\n}');
  expect(await overrides(ours, {}, dir)).toEqual([
    `the project: ${file}:2:12 is malformed, so that opencode refuses to run`,
  ]);
});
