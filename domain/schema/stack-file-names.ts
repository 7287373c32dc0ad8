/** The names of stacks' files, and of the settings in them. */

/** Pulumi's namespace for this project's settings. */
export const NAMESPACE = 'switchyard';

/** The name of a stack's file: `Pulumi.dev.yaml`. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** The stack of a file in the checkout's root; undefined for any other file, and for a path with a folder. */
export function stackOfFile(name: string): string | undefined {
  return /^Pulumi\.(?<stack>[^/]+)\.yaml$/.exec(name)?.groups?.stack;
}

/** The name of a setting or key as it is in the file: `switchyard:port` for `port`. */
export function fullName(bare: string): string {
  return `${NAMESPACE}:${bare}`;
}

/** The name without our namespace; any other name is returned unchanged. */
export function bareName(name: string): string {
  return name.startsWith(`${NAMESPACE}:`) ? name.slice(NAMESPACE.length + 1) : name;
}
