import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { dockerName } from './docker-names.ts';

/**
 * The stack's only stateful resource: the volume with the cache of answers (SQLite).
 *
 * It is protected in every stack, and none of its properties may ever change: a changed label makes Pulumi replace the volume under its
 * fixed name, which destroys the data and still exits 0. `./switchyard down` removes the volume only if its name is given.
 *
 * @param stack the stack's name.
 */
export function dataVolume(name: string, stack: string, parent: pulumi.Resource): docker.Volume {
  return new docker.Volume(
    name,
    { name: dockerName(stack, 'data'), labels: [{ label: 'switchyard.stack', value: stack }] },
    { parent, protect: true },
  );
}
