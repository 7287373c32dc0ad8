/** How a stack's file and the names in it are spelt. */

/** Pulumi's namespace for this project's settings. */
export const NAMESPACE = 'switchyard';

/** The name of a stack's file: `Pulumi.dev.yaml`. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** The stack that a file of the checkout's root belongs to; undefined for any other file, and for a path with a folder. */
export function stackOfFile(name: string): string | undefined {
  return /^Pulumi\.(?<stack>[^/]+)\.yaml$/.exec(name)?.groups?.stack;
}

/** A setting's or key's name as the file has it: `switchyard:port` for `port`. */
export function fullName(bare: string): string {
  return `${NAMESPACE}:${bare}`;
}

/** The name without our namespace; any other name as it is. */
export function bareName(name: string): string {
  return name.startsWith(`${NAMESPACE}:`) ? name.slice(NAMESPACE.length + 1) : name;
}
