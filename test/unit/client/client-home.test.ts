import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { makeHome } from '../../../client/client-home.ts';
import { shippedClient } from '../../harness/client-of.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

test("opencode inherits the user's environment without Pulumi's and its own variables", async () => {
  process.env.PULUMI_CONFIG_PASSPHRASE = 'canary';
  process.env.PULUMI_ACCESS_TOKEN = 'canary';
  process.env.OPENCODE_CONFIG_CONTENT = 'canary';
  process.env.SOME_TOOL_HOME = '/opt/tool';
  const home = await makeHome(shippedClient());
  try {
    // Names only: a failure must not print the environment's values.
    const canaries = Object.keys(home.env).filter((name) => home.env[name] === 'canary');
    expect(canaries).toEqual([]);
    expect([home.env.SOME_TOOL_HOME, home.env.PATH]).toEqual(['/opt/tool', process.env.PATH]);
    const auth = join(home.env.XDG_DATA_HOME ?? '', 'opencode/auth.json');
    expect(Object.keys(JSON.parse(readFileSync(auth, 'utf8')) as object)).toContain('litellm');
  } finally {
    await home.remove();
  }
  expect(existsSync(home.dir)).toBe(false);
});
