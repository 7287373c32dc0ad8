import { join } from 'node:path';
import type { Checkout, CommandResult } from '../../sandbox/checkout.ts';
import { ROOT } from '../../console/home-paths.ts';

/** Runs the real opencode with a checkout's client folders. */
export function opencode(checkout: Checkout, args: string[]): Promise<CommandResult> {
  return checkout.run('timeout', [
    '180',
    join(ROOT, 'node_modules/opencode-linux-x64/bin/opencode'),
    ...args,
  ]);
}
