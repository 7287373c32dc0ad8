/** Which names a stack may have. */

/** What a name may consist of, for messages. */
export const STACK_NAME_RULE =
  'at most 100 lowercase letters and digits, with ".", "_" or "-" between two of them, e.g. staging or team-a';

/**
 * Whether a new stack may have this name. Pulumi would allow more, but the name becomes part of the names of Docker images, where
 * uppercase letters are forbidden and separators must stand between letters or digits.
 */
export function isStackName(name: string): boolean {
  return name.length <= 100 && /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(name);
}
