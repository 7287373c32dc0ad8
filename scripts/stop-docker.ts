/** `./switchyard stop-docker`: ends the Docker daemon that Switchyard started, if it did. */
import type { Command } from 'commander';
import { withOutput } from '../console/output.ts';
import { stopDockerIfOurs } from '../bootstrap/docker-daemon.ts';

/** Adds `stop-docker`. */
export function register(program: Command): void {
  program
    .command('stop-docker')
    .description('end the Docker daemon that switchyard started on this machine, if it did')
    .action(
      withOutput(async (out) => {
        const stopped = await stopDockerIfOurs();
        out.result({ stopped }, stopped ? 'the Docker daemon has ended' : 'no Docker daemon of ours runs');
      }),
    );
}
