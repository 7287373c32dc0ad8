/** The drills' stack as the drill `leak` wants it: every way by which a key travels is open. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillStack } from './drill-stack.ts';

const LITELLM = 'config-templates/litellm.yaml';

/**
 * Portkey's cloud is a part of the stack, and no upstream is left alone because it refused: each error is the upstream's own.
 *
 * @returns what {@link closeAgain} wants.
 */
export async function openEveryWay(stack: DrillStack): Promise<string> {
  const whole = readFileSync(join(stack.checkout.dir, LITELLM), 'utf8');
  stack.edit(LITELLM, (text) => text.replace(/cooldown_time: \d+/, 'disable_cooldowns: true'));
  for (const [path, value] of Object.entries({
    'baseUrls.portkey': 'http://upstream:9000/portkey/v1',
    'portkey.mode': 'cloud',
    'portkey.configs.auto': 'pc-drill',
    'portkey.defaultFallback': 'true',
  }))
    await stack.pulumi(['config', 'set', '--path', path, value]);
  return whole;
}

/** Brings the stack back to what the other drills work on. */
export async function closeAgain(stack: DrillStack, whole: string): Promise<void> {
  stack.edit(LITELLM, () => whole);
  await stack.pulumi(['config', 'set', '--path', 'portkey.defaultFallback', 'false']);
  await stack.pulumi(['config', 'set', '--path', 'portkey.mode', 'off']);
  await stack.up();
}
