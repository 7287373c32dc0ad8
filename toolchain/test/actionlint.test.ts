/** Checks GitHub's workflow files with actionlint, which is built with Go. */
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { ACTIONLINT } from '../actionlint/actionlint-tool.ts';
import { ensureTool } from '../build.ts';
import { ROOT } from '../../console/home-paths.ts';

const FOLDER = join(ROOT, '.github/workflows');
const files = readdirSync(FOLDER).map((name) => join(FOLDER, name));

let actionlint = '';
beforeAll(async () => {
  const home = process.env.SWITCHYARD_HOME ?? join(homedir(), '.switchyard');
  actionlint = await ensureTool(ACTIONLINT, { home });
}, 600_000);

test('finds nothing in the workflows', async () => {
  const { stdout, exitCode } = await execa(actionlint, ['-no-color', ...files], {
    cwd: ROOT,
    reject: false,
  });
  expect(stdout).toBe('');
  expect(exitCode).toBe(0);
});

test('would find a mistake', async () => {
  const text = readFileSync(join(FOLDER, 'preview.yml'), 'utf8').replace(
    'vars.PULUMI_BACKEND_URL',
    'secrets.PULUMI_BACKEND_URL',
  );
  const { stdout, exitCode } = await execa(actionlint, ['-no-color', '-'], {
    cwd: ROOT,
    reject: false,
    input: text,
  });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('context "secrets" is not allowed here');
});
