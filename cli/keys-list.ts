/** `./switchyard keys list`: the virtual keys of a stack, without their values. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { table } from '../console/table.ts';
import { parseToday } from '../console/time-options.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { virtualKeys } from '../domain/plan/key-plan.ts';
import { requireStack } from '../engine/stack-name.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { resourceName, stackState } from '../engine/stack-state.ts';
import { virtualKeyResource } from '../infra/docker-names.ts';
import { loadCatalog } from '../stacks/load.ts';

/** Adds `keys list`. */
export function register(keys: Command): void {
  keys
    .command('list')
    .description('list the virtual keys: who uses each, its models, when it expires, whether it is deployed')
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
    owner: settings.keys[key.alias]?.owner ?? null,
    state: !deployed.has(virtualKeyResource(key.alias, key.generation))
      ? 'not deployed'
      : key.expires !== undefined && Date.parse(key.expires) <= now.getTime()
        ? 'expired'
        : 'accepted',
  }));
  const none = `${stack} has no virtual keys; create one: ./switchyard keys add NAME ${stack}`;
  const rows = keys.map((key) => [
    key.alias,
    key.owner ?? '-',
    key.models?.join(', ') ?? 'all',
    key.expires ?? 'never',
    key.state === 'not deployed' ? `not deployed: ./switchyard up ${stack}` : key.state,
  ]);
  out.result(
    { stack, keys },
    keys.length === 0 ? none : table(['key', 'owner', 'models', 'expires', 'state'], rows),
  );
}
