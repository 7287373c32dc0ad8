/** `./switchyard down`: removes a stack's containers, images and network; the data volume only when it is named. */
import type { Command } from 'commander';
import { dockerName } from '../infra/docker-names.ts';
import { UserError } from '../console/errors.ts';
import { clearLeftovers } from '../engine/leftovers.ts';
import { type Output, withOutput } from '../console/output.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { nameList } from '../console/wrap.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackContainers, unknownContainers } from '../engine/containers.ts';
import { refuseGuests } from '../engine/network-guests.ts';
import { requireStack } from '../engine/stack-name.ts';
import { resourceName, stackState } from '../engine/stack-state.ts';
import { describeLeft, leftBehind } from './down-leaves.ts';

interface DownOptions {
  volume?: string;
}

/** Adds `down` to the command line. */
export function register(program: Command): void {
  program
    .command('down')
    .description('remove a stack; its keys and settings stay, and its data unless you name the volume')
    .argument('[stack]', 'the stack', 'dev')
    .option('--volume <name>', 'remove this data volume too, with the cache in it, e.g. switchyard-dev-data')
    .action(withOutput(down));
}

async function down(out: Output, stack: string, options: DownOptions): Promise<void> {
  const volume = dockerName(stack, 'data');
  if (options.volume !== undefined && options.volume !== volume) {
    throw new UserError(`stack ${stack} has no volume ${options.volume}`, {
      allowed: volume,
      command: `./switchyard down ${stack} --volume ${volume}`,
    });
  }
  // Who wants to remove a stack is not told to deploy it.
  await requireStack(stack, '');
  await ensureReady({ need: ['pulumi', 'docker'], onProgress: out.progress });
  const containers = await stackContainers(stack);
  const { foreign } = unknownContainers(containers, (await stackState(stack)).resources);
  await refuseGuests(
    stack,
    containers.filter((container) => !foreign.includes(container)),
  );
  // A container that the state does not know would hold on to the network.
  await clearLeftovers(out, stack);
  const { resources } = await stackState(stack);
  const data = resources.find((resource) => resourceName(resource) === 'data');
  if (options.volume !== undefined && data?.protect) {
    await pulumi(stack, ['state', 'unprotect', data.urn, '--yes'], { progress: out.progress });
  }
  const keep = options.volume === undefined && data !== undefined;
  await out.step(`removing ${stack}`, () =>
    pulumi(stack, ['destroy', '--yes', '--skip-preview', ...(keep ? ['--exclude-protected'] : [])], {
      onLine: out.progress,
      progress: out.progress,
    }),
  );
  const kept = keep ? [volume] : [];
  const left = await leftBehind(stack, kept[0]);
  out.result(
    { stack, kept, left },
    [`${stack} is down. What is left of it:`, nameList(describeLeft(left))].join('\n'),
  );
}
