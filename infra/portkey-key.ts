import type { Input, Output, Resource } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { addClientKey } from './client-keys.ts';
import type { ContainerFile } from './container.ts';

/** A key that the gateways have for the stack's own Portkey. */
export interface GatewayKey {
  /** The file by which the gateways hold it; none where they have no such key. */
  files: ContainerFile[];
  /** The text of Portkey's client-keys.json, made of the one for the clients: this key is accepted too. */
  addTo: (hashes: Output<string>) => Output<string>;
}

/**
 * Generates the key by which the gateways ask the stack's own Portkey: no client's key, so that a rotation of those leaves it alone.
 *
 * @param name the resource's name.
 * @param fileName the file below `/run/secrets`; undefined where the gateways do not ask it.
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
