/** `./switchyard stack ls`: the stacks of this checkout and its backend. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { table } from '../console/table.ts';
import { type ListedStack, listStacks } from '../engine/list-stacks.ts';

/** Adds `stack ls`. */
export function register(stack: Command): void {
  stack
    .command('ls')
    .description('list the stacks: port, endpoint, whether each is deployed, running containers')
    .action(withOutput(list));
}

async function list(out: Output): Promise<void> {
  const stacks = await listStacks((line) => out.warn(line));
  out.result(stacks, textOf(stacks));
}

function textOf(stacks: readonly ListedStack[]): string {
  if (stacks.length === 0) return 'there is no stack yet: ./switchyard stack new dev';
  return table(
    ['stack', 'port', 'state', 'containers', 'endpoint', 'note'],
    stacks.map(({ stack, port, deployed, running, endpoint, settings, renamedFrom }) => [
      stack,
      String(port ?? '-'),
      deployed === null ? 'unknown' : deployed ? 'deployed' : 'not deployed',
      running === null ? 'unknown' : `${running} running`,
      endpoint ?? '-',
      renamedFrom !== null
        ? `renamed from ${renamedFrom}: see ./switchyard status ${stack}`
        : settings
          ? ''
          : 'no settings file here',
    ]),
  );
}
