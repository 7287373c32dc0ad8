/** `./switchyard stack rm`: removes a stack that is not deployed. */
import type { Command } from 'commander';
import { ensureReady } from '../bootstrap/ready.ts';
import { confirm } from '../console/confirm.ts';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { nameList } from '../console/wrap.ts';
import { planRemoval, type RemovalPlan, removeStack } from '../engine/remove-stack.ts';
import { requireDeclaredStack } from '../engine/stack-name.ts';
import { describeRemaining, remainingAfterRm } from './down-remaining.ts';

/** Adds `stack rm`. */
export function register(stack: Command): void {
  stack
    .command('rm')
    .description(
      'remove a stack that is not deployed, with its settings and encrypted keys; keeps its data volume',
    )
    .argument('<name>', 'the stack')
    .option('--yes', 'do not ask')
    .action(withOutput(remove));
}

async function remove(out: Output, name: string, options: { yes?: boolean }): Promise<void> {
  await requireDeclaredStack(name, { creates: false });
  const plan = await planRemoval(name);
  out.progress(statement(plan));
  if (
    options.yes !== true &&
    !(await confirm(`Remove stack ${name}?`, `./switchyard stack rm ${name} --yes`))
  )
    throw new UserError(`stack ${name} was not removed`);
  if (plan.inBackend) await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  await removeStack(plan);
  const left = await remainingAfterRm(name, plan.volume);
  out.result(
    { stack: name, removed: { state: plan.inBackend, file: plan.file ?? null }, left },
    [
      `stack ${name} is removed.${left.length === 0 ? '' : ' What remains of it:'}`,
      nameList(describeRemaining(left)),
    ]
      .join('\n')
      .trimEnd(),
  );
}

/** What will be lost, before the question. */
function statement({ stack, inBackend, file, keys, volume }: RemovalPlan): string {
  const parts = [
    ...(inBackend ? [`its state in Pulumi, with its master key`] : []),
    ...(file === undefined ? [] : [file]),
    ...(keys.length === 0 ? [] : [`the encrypted keys in it: ${keys.join(', ')}`]),
  ];
  return `this removes of stack ${stack}: ${parts.join('; ')}.${volume === undefined ? '' : ` The data volume ${volume} stays.`}`;
}
