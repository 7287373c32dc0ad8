import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as pulumi from '@pulumi/pulumi';

/** The processes and threads of one container, at most. A gateway has about 60, with 100 requests in flight about 100. */
export const PIDS_LIMIT = 2048;

const run = promisify(execFile);

/**
 * Bounds the processes and threads of each container that Pulumi creates.
 *
 * The Docker provider (5.2.0) has no argument for it. A ulimit (`nproc`) counts over all containers with the same user on the host, so the
 * stacks of a host would share one limit. Therefore this hook sets the limit with Docker's command line, as soon as a container is
 * created; Docker keeps it over restarts, and the provider does not read it, so no preview shows a difference. Without that command line
 * there is a warning, and only the ulimit.
 */
export function pidsLimitHook(): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    'pids-limit',
    async ({ id }) => {
      await run('docker', ['update', '--pids-limit', String(PIDS_LIMIT), id], {
        env: process.env,
        timeout: 60_000,
      });
    },
    { ignoreErrors: true },
  );
}
