/** `./switchyard keys list`: the virtual keys of a stack, without their values. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { table } from '../console/table.ts';
import { parseToday } from '../console/time-options.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { virtualKeys } from '../domain/plan/key-plan.ts';
import { describeLimits, type KeyLimits } from '../domain/render/key-limits.ts';
import { budgetList } from '../domain/schema/limits-schema.ts';
import { requireStack } from '../engine/stack-name.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { resourceName, stackState } from '../engine/stack-state.ts';
import { isInGrace } from '../keys/rotation.ts';
import { virtualKeyResource } from '../infra/docker-names.ts';
import { loadCatalog } from '../stacks/load.ts';

/** Adds `keys list`. */
export function register(keys: Command): void {
  keys
    .command('list')
    .description(
      'list the virtual keys: who uses each, its models and limits, when it expires, whether it is deployed',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option('--today <day>', 'use this day instead of today: YYYY-MM-DD')
    .action(withOutput(list));
}

async function list(out: Output, stack: string, options: { today?: string }): Promise<void> {
  const now = parseToday(options.today);
  await requireStack(stack);
  const settings = await stackSettings(stack);
  const { catalog } = loadCatalog();
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  const { resources } = await out.step(`reading the state of ${stack}`, () => stackState(stack));
  const deployed = new Set(resources.map(resourceName));
  const keys = (catalog ? virtualKeys(settings, catalog) : []).map((key) => ({
    ...key,
    ...limitsOf(settings.keys[key.alias]),
    owner: settings.keys[key.alias]?.owner ?? null,
    state: !deployed.has(virtualKeyResource(key.alias, key.generation))
      ? 'not deployed'
      : key.expires !== undefined && Date.parse(key.expires) <= now.getTime()
        ? 'expired'
        : 'accepted',
  }));
  const rows = keys.map((key) => [
    key.alias,
    key.owner ?? '-',
    key.models?.join(', ') ?? 'all',
    describeLimits(key) || 'none',
    key.expires ?? 'never',
    key.state === 'not deployed'
      ? `not deployed: ./switchyard up ${stack}`
      : key.state + oldValue(key.previousUntil, now),
  ]);
  out.result({ stack, keys }, table(['key', 'owner', 'models', 'limits', 'expires', 'state'], rows));
}

/** Until when a key's previous value is accepted as well; empty if it is not. */
export function oldValue(until: string | undefined, now: Date): string {
  return isInGrace({ previousUntil: until }, now) ? `; old value until ${until}` : '';
}

function limitsOf(setting: KeyLimits = {}): KeyLimits {
  const { budget, requestsPerMinute, tokensPerMinute, parallelRequests } = setting;
  const given = Object.entries({ requestsPerMinute, tokensPerMinute, parallelRequests });
  return {
    ...(budget === undefined ? {} : { budget: budgetList(budget) }),
    ...Object.fromEntries(given.filter(([, limit]) => limit !== undefined)),
  };
}
