/** Configures the drills' stack for the drill `leak`, so that keys travel by every possible path. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillStack } from './drill-stack.ts';

const LITELLM = 'config-templates/litellm.yaml';

/**
 * Adds Portkey's cloud to the stack, and disables cooldowns, so that every forced error comes from the upstream itself.
 *
 * @returns the previous litellm.yaml, for {@link restoreStack}.
 */
export async function openAllKeyPaths(stack: DrillStack): Promise<string> {
  const before = readFileSync(join(stack.checkout.dir, LITELLM), 'utf8');
  stack.edit(LITELLM, (text) => text.replace(/cooldown_time: \d+/, 'disable_cooldowns: true'));
  for (const [path, value] of Object.entries({
    'baseUrls.portkey': 'http://upstream:9000/portkey/v1',
    'portkey.mode': 'cloud',
    'portkey.configs.auto': 'pc-drill',
    'portkey.defaultFallback': 'true',
  }))
    await stack.pulumi(['config', 'set', '--path', path, value]);
  return before;
}

/** Restores the configuration that the other drills use. */
export async function restoreStack(stack: DrillStack, before: string): Promise<void> {
  stack.edit(LITELLM, () => before);
  await stack.pulumi(['config', 'set', '--path', 'portkey.defaultFallback', 'false']);
  await stack.pulumi(['config', 'set', '--path', 'portkey.mode', 'off']);
  await stack.up();
}
