import type * as pulumi from '@pulumi/pulumi';

/**
 * The one local tag of the base image; bootstrap/base-image.ts brings it, by whichever recipe the machine allows. Bump the number with any
 * change of runtimes/base/image, here and in the Dockerfiles that build on it (a test holds them equal).
 */
export const BASE_IMAGE = 'switchyard-base:bookworm-1';

/**
 * The user that everything in a container runs as: no root, no name that an image would have to know. Its group is root's, since
 * uploaded files belong to root: Docker looks an owner up in the host's list of users, where ours is in none.
 */
export const CONTAINER_USER = '10001:0';

/** What the names of the resources start with that remember a key's age; `status` and `keys ages` find them in the state by it. */
export const KEY_AGE_PREFIX = 'key-age-';

/** Docker's name for a part of a stack, e.g. `switchyard-dev-data`. */
export function dockerName(stack: string, part?: string): string {
  return ['switchyard', stack, part].filter(Boolean).join('-');
}

/**
 * The labels by which the CLI finds a stack's containers.
 *
 * @param stack the stack's name.
 * @param role what the container does: `gateway`, `edge` or `portkey`.
 * @param instance the deployment's own random id: a stack of the same name with another backend has another one, so that nobody
 *   takes its containers for leftovers.
 */
export function labels(
  stack: string,
  role: string,
  instance: pulumi.Input<string>,
): { label: string; value: pulumi.Input<string> }[] {
  return [
    { label: 'switchyard.instance', value: instance },
    { label: 'switchyard.role', value: role },
    { label: 'switchyard.stack', value: stack },
  ];
}
