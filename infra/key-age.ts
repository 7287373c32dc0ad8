import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { KEY_AGE_PREFIX } from './docker-names.ts';

/**
 * Records when a provider's key was first deployed.
 *
 * `pulumi config set` runs none of our code, so a key's age counts from the `up` that first deployed its value. This resource is replaced
 * when the value changes, and Pulumi keeps the time of its creation in the state. The resource does not contain the value, only a hash of
 * it, as a secret.
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
