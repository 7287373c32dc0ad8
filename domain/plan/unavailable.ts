/** Why something is unavailable, and the command that makes it available. */
export interface Unavailable {
  reason: string;
  command: string;
}

/** The command that sets a provider's key; it asks for the value. */
export function setKeyCommand(keyName: string, stack: string): string {
  return `pulumi config set --secret ${keyName} --stack ${stack}`;
}

/** Unavailable because a provider's key is not set. */
export function keyNotSet(keyName: string, stack: string): Unavailable {
  return { reason: `${keyName} is not set`, command: setKeyCommand(keyName, stack) };
}
