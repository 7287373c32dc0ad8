import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { dockerName } from './docker-names.ts';

/**
 * The stack's private network. Its containers find each other by Docker's DNS, and nothing else is on it.
 *
 * @param stack the stack's name.
 */
export function stackNetwork(name: string, stack: string, parent: pulumi.Resource): docker.Network {
  return new docker.Network(
    name,
    { name: dockerName(stack), labels: [{ label: 'switchyard.stack', value: stack }] },
    { parent },
  );
}
