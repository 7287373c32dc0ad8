/** `./switchyard down`: removes a stack's containers, images and network; the data volume only if it is named. */
import type { Command } from 'commander';
import { dockerName } from '../infra/docker-names.ts';
import { UserError } from '../console/errors.ts';
import { interruptible } from '../console/interruptible.ts';
import { STOPPING } from '../engine/deploy.ts';
import { stackContainers, unknownContainers } from '../engine/containers.ts';
import { removeOrphans } from '../engine/orphans.ts';
import { type Output, withOutput } from '../console/output.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { nameList } from '../console/wrap.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { refuseGuests } from '../engine/network-guests.ts';
import { refuseRenamed } from '../engine/renamed-stack.ts';
import { requireStack } from '../engine/stack-name.ts';
import { stackOperation } from '../engine/stack-operation.ts';
import { resourceName, stackState } from '../engine/stack-state.ts';
import { describeRemaining, remainingParts } from './down-remaining.ts';

interface DownOptions {
  volume?: string;
}

/** Adds `down` to the command line. */
export function register(program: Command): void {
  program
    .command('down')
    .description(
      "remove a stack; keeps its settings and providers' keys, and its data unless you name the volume; the next `up` creates new values of the master key and the virtual keys",
    )
    .argument('[stack]', 'the stack', 'dev')
    .option(
      '--volume <name>',
      'also remove this data volume, which holds the cache and the ledger (usage, what budgets have spent), e.g. switchyard-dev-data',
    )
    .action(withOutput(down));
}

async function down(out: Output, stack: string, options: DownOptions): Promise<void> {
  // No suggestion: `up` would be the wrong one here.
  await requireStack(stack, '');
  const volume = dockerName(stack, 'data');
  if (options.volume !== undefined && options.volume !== volume) {
    throw new UserError(`stack ${stack} has no volume ${options.volume}`, {
      allowed: volume,
      command: `./switchyard down ${stack} --volume ${volume}`,
    });
  }
  await ensureReady({ need: ['pulumi', 'docker'], onProgress: out.progress });
  const stopped = () => ({
    message: `interrupted; ${stack} is partly removed; run down again`,
    command: `./switchyard down ${stack}`,
  });
  const keep = await interruptible(out, { ...STOPPING, stopped }, (signal) =>
    remove(out, stack, { withData: options.volume !== undefined, signal }),
  );
  const kept = keep ? [volume] : [];
  const left = await remainingParts(stack, kept[0]);
  out.result(
    { stack, kept, left },
    [
      `${stack} is down. Its master key and virtual keys are gone: the next \`up\` creates new values.`,
      'What remains of it:',
      nameList(describeRemaining(left)),
    ].join('\n'),
  );
}

/**
 * Removes a stack.
 *
 * @returns whether a data volume was kept.
 */
async function remove(
  out: Output,
  stack: string,
  { withData, signal }: { withData: boolean; signal: AbortSignal },
): Promise<boolean> {
  const containers = await stackContainers(stack);
  const { resources } = await stackState(stack);
  refuseRenamed(stack, resources);
  const { unmanaged } = unknownContainers(containers, resources);
  await refuseGuests(
    stack,
    containers.filter((container) => !unmanaged.includes(container)),
  );
  // A container that is not in the state would keep the network in use.
  await removeOrphans(out, stack, { containers, resources }, signal);
  const data = resources.find((resource) => resourceName(resource) === 'data');
  if (withData && data?.protect) await pulumi(stack, ['state', 'unprotect', data.urn, '--yes']);
  const keep = !withData && data !== undefined;
  await out.step(`removing ${stack}`, () =>
    stackOperation(stack, (opened, common) => opened.destroy({ ...common, excludeProtected: keep }), {
      progress: out.progress,
      signal,
    }),
  );
  return keep;
}
