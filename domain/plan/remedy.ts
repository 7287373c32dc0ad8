/** Why something is not to be had, and the command that brings it. */
export interface Remedy {
  reason: string;
  command: string;
}

/** The command that sets a provider's key; it asks for the value. */
export function setKeyCommand(keyName: string, stack: string): string {
  return `pulumi config set --secret ${keyName} --stack ${stack}`;
}

/** What is not to be had for want of a key. */
export function noKey(keyName: string, stack: string): Remedy {
  return { reason: `${keyName} is not set`, command: setKeyCommand(keyName, stack) };
}
