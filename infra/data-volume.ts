import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { dockerName } from './docker-names.ts';

/**
 * The stack's one lasting thing: the volume with the answers' cache (SQLite).
 *
 * It is protected in every stack, and nothing of it may ever change: a changed label replaces a volume of a fixed name, which
 * destroys its data, and exits 0. `./switchyard down` removes it only when it is asked to by name.
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
