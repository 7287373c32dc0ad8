import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { KEY_AGE_PREFIX } from './docker-names.ts';

/**
 * Remembers when a provider's key was first deployed.
 *
 * `pulumi config set` runs none of our code, so a key's age counts from the `up` that first deployed its value. The resource is
 * replaced when the value changes, and the time of its creation, which Pulumi keeps in the state, is the key's. The value itself
 * is not in it: only a hash, and that as a secret.
 *
 * @param keyName the key's name in the stack's config, e.g. `GROQ_API_KEY`.
 * @param value the key.
 */
export function rememberKeyAge(keyName: string, value: pulumi.Output<string>, parent: pulumi.Resource): void {
  const fingerprint = pulumi.secret(
    value.apply((key) => createHash('sha256').update(`switchyard:${keyName}:${key}`).digest('hex')),
  );
  new random.RandomId(`${KEY_AGE_PREFIX}${keyName}`, { byteLength: 4, keepers: { fingerprint } }, { parent });
}
