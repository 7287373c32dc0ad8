/** Portkey's open-source gateway from its unchanged package, without our auth proxy. */
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { BASE_IMAGE, dockerName } from '../infra/docker-names.ts';
import { startGateway } from './bench-containers.ts';
import type { BenchEnvironment } from './bench-environment.ts';
import type { Target } from './targets.ts';

const PORT = 8787;
const GATEWAY = '/opt/portkey/node_modules/@portkey-ai/gateway/build/start-server.js';

/**
 * Builds and starts it.
 *
 * @param checkout the checkout that is measured.
 * @param stack a stack; the image is named like its images, so that it is removed with them.
 */
export async function startPortkey(
  environment: BenchEnvironment,
  { checkout, stack }: { checkout: string; stack: string },
  signal: AbortSignal,
): Promise<Target> {
  const image = `${dockerName(stack, 'portkey')}:bench`;
  await build(image, join(checkout, 'runtimes/portkey/image'), signal);
  return startGateway(
    environment,
    {
      name: 'portkey',
      image,
      port: PORT,
      command: ['node', GATEWAY, `--port=${PORT}`, '--headless'],
      // It rejects private addresses that are not listed here.
      env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: new URL(environment.apiBase).hostname },
      readyPath: '/',
      request: {
        headers: {
          authorization: `Bearer ${environment.providerKey}`,
          'x-portkey-provider': environment.provider,
          'x-portkey-custom-host': environment.apiBase,
        },
        model: environment.model.upstreamModel,
      },
      caches: false,
    },
    signal,
  );
}

async function build(image: string, folder: string, signal: AbortSignal): Promise<void> {
  // The classic builder, as for the stacks' images, so that it can reuse their layers.
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
    throw new UserError("cannot build the image with Portkey's gateway", {
      where: `${folder}/Dockerfile`,
      found: result.all.trim().split('\n').slice(-5).join('\n'),
      command: './switchyard doctor',
    });
}
