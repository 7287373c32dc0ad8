/** `./switchyard stop-docker`: stops the Docker daemon, if Switchyard started it. */
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
        out.result(
          { stopped },
          stopped ? 'the Docker daemon was stopped' : 'Switchyard has not started a Docker daemon',
        );
      }),
    );
}
