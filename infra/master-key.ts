import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { clientKeysFile } from './client-keys.ts';

/** Which master keys a stack accepts. */
export interface MasterKeyArgs {
  /** Counts the rotations, from 1. Another number is another key. */
  generation: number;
  /** Until when the key of the generation before is accepted as well: an ISO 8601 time. Left out: not at all. */
  previousUntil?: string;
}

/**
 * The key that a stack's clients hold, and during a rotation the one before it.
 *
 * The program has no clock: it hands `previousUntil` to the gateway, which compares it with the time of each request.
 */
export class MasterKey extends pulumi.ComponentResource {
  /** The current key: `sk-` and 40 random letters and digits. Secret. */
  readonly current: pulumi.Output<string>;
  /** The file by which gateways know the keys without holding them: names, SHA-256 hashes, ends of validity. Secret. */
  readonly hashes: pulumi.Output<string>;

  constructor(name: string, args: MasterKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:MasterKey', name, {}, opts);
    const generate = (generation: number): pulumi.Output<string> => {
      // A resource per generation: the previous key stays in the state just as long as it is accepted.
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
