import type * as pulumi from '@pulumi/pulumi';

/**
 * The only local tag of the base image. bootstrap/base-image.ts builds it, with whichever recipe works on the machine. Increase the number
 * with any change of runtimes/base/image, here and in the Dockerfiles that build on it (a test checks that they are equal).
 */
export const BASE_IMAGE = 'switchyard-base:bookworm-1';

/**
 * The user for all processes in containers: not root, and a number, so that no image needs to know a name. Its group is root's, since
 * uploaded files belong to root: they cannot have our user as owner, since Docker would look it up in the host's passwd, where it is missing.
 */
export const CONTAINER_USER = '10001:0';

/** The name prefix of the resources that record a key's age. `status` and `keys ages` find them in the state by it. */
export const KEY_AGE_PREFIX = 'key-age-';

/** Docker's name for a part of a stack, e.g. `switchyard-dev-data`. */
export function dockerName(stack: string, part?: string): string {
  return ['switchyard', stack, part].filter(Boolean).join('-');
}

/**
 * The labels by which the CLI finds a stack's containers.
 *
 * @param stack the stack's name.
 * @param role the container's role: `gateway`, `edge` or `portkey`.
 * @param instance the deployment's own random id. A stack of the same name with another backend has another id, so its containers are not
 *   mistaken for orphans.
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

/** The name of the resource with a virtual key's value. Not in virtual-keys.ts: commands need it, and must not load Pulumi's SDK. */
export function virtualKeyResource(alias: string, generation: number): string {
  return `key-${alias}-${generation}`;
}
