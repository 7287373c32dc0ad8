/** Portkey's open-source gateway without our auth proxy in front of it. */
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { BASE_IMAGE, dockerName } from '../infra/docker-names.ts';
import { startGateway } from './bench-containers.ts';
import type { Site } from './site.ts';
import type { Target } from './targets.ts';

const PORT = 8787;
const GATEWAY = '/opt/portkey/node_modules/@portkey-ai/gateway/build/start-server.js';

/**
 * Builds its image and starts it.
 *
 * @param checkout the folder of the tree that is measured.
 * @param stack the stack whose images' names the image gets: it is removed with them.
 */
export async function startPortkey(
  site: Site,
  { checkout, stack }: { checkout: string; stack: string },
  signal: AbortSignal,
): Promise<Target> {
  const image = `${dockerName(stack, 'portkey')}:bench`;
  await build(image, join(checkout, 'runtimes/portkey/image'), signal);
  return startGateway(
    site,
    {
      name: 'portkey',
      image,
      port: PORT,
      command: ['node', GATEWAY, `--port=${PORT}`, '--headless'],
      // It refuses private addresses that are not named here.
      env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: new URL(site.apiBase).hostname },
      readyPath: '/',
      request: {
        headers: {
          authorization: `Bearer ${site.providerKey}`,
          'x-portkey-provider': site.provider,
          'x-portkey-custom-host': site.apiBase,
        },
        model: site.model.upstreamModel,
      },
      caches: false,
    },
    signal,
  );
}

async function build(image: string, folder: string, signal: AbortSignal): Promise<void> {
  // The classic builder, as for the stacks' images: so it finds the layers that these have made.
  const args = ['build', '--quiet', '--tag', image, '--build-arg', `BASE=${BASE_IMAGE}`, folder];
  const result = await execa('docker', args, {
    env: { DOCKER_BUILDKIT: '0' },
    all: true,
    reject: false,
    stdin: 'ignore',
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.exitCode !== 0)
    throw new UserError("the image with Portkey's gateway could not be built", {
      where: `${folder}/Dockerfile`,
      found: result.all.trim().split('\n').slice(-5).join('\n'),
      command: './switchyard doctor',
    });
}
