import type { Input, Output, Resource } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { addClientKey } from './client-keys.ts';
import type { ContainerFile } from './container.ts';

/** The gateways' key for the stack's own Portkey. */
export interface GatewayKey {
  /** The file with the key for the gateways; empty if they have no such key. */
  files: ContainerFile[];
  /** Adds this key to the clients' keys, for Portkey's client-keys.json. */
  addTo: (hashes: Output<string>) => Output<string>;
}

/**
 * Generates the key that the gateways send to the stack's own Portkey. It is separate from the clients' keys, so rotating those does not
 * affect it.
 *
 * @param name the resource's name.
 * @param fileName the file in `/run/secrets`; undefined if the gateways do not call Portkey.
 * @param parent the component that it belongs to.
 */
export function gatewayKey(name: string, fileName: string | undefined, parent: Resource): GatewayKey {
  if (fileName === undefined) return { files: [], addTo: (hashes) => hashes };
  const { result } = new random.RandomPassword(name, { length: 40, special: false }, { parent });
  const content: Input<string> = pulumi.secret(pulumi.interpolate`sk-${result}`);
  return {
    files: [{ path: `/run/secrets/${fileName}`, content }],
    addTo: (hashes) =>
      pulumi.all([hashes, content]).apply(([text, key]) => addClientKey(text, 'gateway', key)),
  };
}
