/** `./switchyard keys add`: a virtual key for a person or an agent. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { deploy } from '../engine/deploy.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureStack } from '../engine/stack-state.ts';
import { addKeySetting, type NewKey, readKeysCommand } from '../keys/virtual-key-settings.ts';

/** Adds `keys add`. */
export function register(keys: Command): void {
  keys
    .command('add')
    .description('create a virtual key for a person or an agent, and deploy it')
    .argument('<alias>', 'its name: small letters, digits, "-", "_"')
    .argument('[stack]', 'the stack', 'dev')
    .option('--owner <name>', 'who uses it: for people')
    .option('--model <alias...>', 'the models that it may use; default: all')
    .option('--lane <name...>', "the gateway's lanes whose models it may use")
    .option('--expires <time>', 'when it expires: 2026-12-31T00:00:00Z; default: never')
    .action(withOutput(add));
}

interface AddOptions {
  owner?: string;
  model?: string[];
  lane?: string[];
  expires?: string;
}

async function add(out: Output, alias: string, stack: string, options: AddOptions): Promise<void> {
  await requireStack(stack);
  const { owner, model: models, lane: lanes, expires } = options;
  const given = Object.entries({ owner, models, lanes, expires }).filter(([, value]) => value !== undefined);
  const key: NewKey = Object.fromEntries(given);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  await ensureStack(stack);
  await addKeySetting(stack, alias, key);
  await deploy(out, stack);
  const read = readKeysCommand(stack);
  out.result({ stack, alias, ...key, read }, `${stack} accepts the key "${alias}"\n  read it: ${read}`);
}
