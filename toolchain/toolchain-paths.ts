import { join } from 'node:path';
import { DOCKER_PROVIDER_VERSION, ENGINE_VERSION } from './pinned-versions.ts';

/** Where the built engine lives. */
export function engineBinary(home: string): string {
  return join(home, 'tools', `pulumi-${ENGINE_VERSION}`, 'pulumi');
}

/** Where the built Terraform Docker provider lives. */
export function dockerProviderBinary(home: string): string {
  return join(
    home,
    'tools',
    `terraform-provider-docker-${DOCKER_PROVIDER_VERSION}`,
    'terraform-provider-docker',
  );
}

/** The folder of plugin executables that goes on PATH. */
export const PLUGIN_BIN: string = join(import.meta.dirname, 'bin');
