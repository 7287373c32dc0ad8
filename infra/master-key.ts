import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { clientKeysFile } from './client-keys.ts';

/** The master keys that a stack accepts. */
export interface MasterKeyArgs {
  /** The generation, from 1; each rotation increases it. Another number means another key. */
  generation: number;
  /** The time until which the previous generation's key is accepted too, in ISO 8601. Left out, it is not accepted. */
  previousUntil?: string;
}

/**
 * The key that a stack's clients use, and during a rotation also the previous one.
 *
 * The program has no clock: it passes `previousUntil` to the gateway, which compares it with the time of each request.
 */
export class MasterKey extends pulumi.ComponentResource {
  /** The current key: `sk-` and 40 random letters and digits. Secret. */
  readonly current: pulumi.Output<string>;
  /** The file with which gateways check keys without having them: names, SHA-256 hashes, ends of validity. Secret. */
  readonly hashes: pulumi.Output<string>;

  constructor(name: string, args: MasterKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:MasterKey', name, {}, opts);
    const generate = (generation: number): pulumi.Output<string> => {
      // One resource per generation: the previous key is in the state only as long as it is accepted.
      const password = new random.RandomPassword(
        `${name}-${generation}`,
        { length: 40, special: false },
        { parent: this },
      );
      return pulumi.secret(pulumi.interpolate`sk-${password.result}`);
    };
    this.current = generate(args.generation);
    const previous =
      args.previousUntil !== undefined && args.generation > 1 ? generate(args.generation - 1) : undefined;
    this.hashes = pulumi
      .all([this.current, previous])
      .apply(([current, before]) => clientKeysFile(current, before, args.previousUntil));
    this.registerOutputs({ current: this.current });
  }
}
