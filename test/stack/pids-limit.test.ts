/** The hook that limits the processes of each container, with a stand-in for Docker's command line. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceHook } from '@pulumi/pulumi';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PIDS_LIMIT, pidsLimitHook } from '../../infra/pids-limit.ts';
import { setMocks } from './mocks.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-pids-'));
const path = process.env.PATH;
let hook: ResourceHook;

beforeAll(async () => {
  await setMocks();
  hook = pidsLimitHook();
});
afterAll(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** Calls the hook for a container, with a `docker` that runs this script. */
async function call(script: string): Promise<void> {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  process.env.PATH = `${folder}:${path}`;
  await hook.callback({ urn: 'u', id: 'c0ffee', name: 'gateway-0', type: 't' });
}

test('limits the container that was created', async () => {
  await call(`echo "$@" > ${folder}/arguments`);
  expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe(`update --pids-limit ${PIDS_LIMIT} c0ffee\n`);
});

test('a failure is a warning, and does not fail the deployment', async () => {
  await expect(call('exit 1')).rejects.toThrow();
  expect(hook.opts?.ignoreErrors).toBe(true);
});
