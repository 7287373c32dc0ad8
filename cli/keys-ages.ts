/** `./switchyard keys ages`: the age of each deployed key, compared with the stack's limits. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { type Output, withOutput } from '../console/output.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { readRawConfig, stackSettings } from '../engine/stack-settings.ts';
import { stackState } from '../engine/stack-state.ts';
import { table } from '../console/table.ts';
import { parseToday } from '../console/time-options.ts';
import { ageWarning, type KeyAge, keyAges } from '../keys/key-ages.ts';

/** Adds `keys ages`. */
export function register(keys: Command): void {
  keys
    .command('ages')
    .description('list the age of each deployed key since the `up` that first deployed it')
    .argument('[stack]', 'the stack', 'dev')
    .option('--today <day>', 'use this day instead of today: YYYY-MM-DD')
    .action(withOutput(ages));
}

async function ages(out: Output, stack: string, options: { today?: string }): Promise<void> {
  const now = parseToday(options.today);
  await requireStack(stack);
  const { keyAge } = await stackSettings(stack);
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  const { resources } = await out.step(`reading the state of ${stack}`, () => stackState(stack));
  const deployed = keyAges(stack, resources, keyAge, now);
  const names = new Set(deployed.map((age) => age.name));
  const notDeployed = readRawConfig(stack).secretKeys.filter((name) => !names.has(name));
  for (const age of deployed) {
    const warning = ageWarning(age);
    if (warning !== undefined) out.warn(warning);
  }
  out.result({ stack, limits: keyAge, keys: deployed, notDeployed }, text(stack, deployed, notDeployed));
}

const PAINT = { fresh: pc.green, old: pc.yellow, rotate: pc.red };

function text(stack: string, deployed: readonly KeyAge[], notDeployed: readonly string[]): string {
  if (deployed.length + notDeployed.length === 0) return `${stack} has no key yet`;
  return table(
    ['key', 'since', 'days', 'state'],
    [
      ...deployed.map((age) => [
        age.name,
        age.since.slice(0, 10),
        String(age.days),
        PAINT[age.state](age.state),
      ]),
      ...notDeployed.map((name) => [name, '-', '-', `not deployed yet: ./switchyard up ${stack}`]),
    ],
  );
}
