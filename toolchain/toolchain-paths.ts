import { join } from 'node:path';
import { DOCKER_PROVIDER_VERSION, ENGINE_VERSION } from './pinned-versions.ts';

/** The path of the built engine. */
export function engineBinary(home: string): string {
  return join(home, 'tools', `pulumi-${ENGINE_VERSION}`, 'pulumi');
}

/** The path of the built Terraform Docker provider. */
export function dockerProviderBinary(home: string): string {
  return join(
    home,
    'tools',
    `terraform-provider-docker-${DOCKER_PROVIDER_VERSION}`,
    'terraform-provider-docker',
  );
}

/** The folder of plugin executables, to be put on PATH. */
export const PLUGIN_BIN: string = join(import.meta.dirname, 'bin');
